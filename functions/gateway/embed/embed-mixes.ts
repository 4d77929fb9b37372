/** Vectors of items of which some are mixes: the parts of all mixes are embedded together with the other items. */
import { ServiceError } from "../../runtime/errors.ts";
import { missing } from "../../runtime/missing.ts";
import { type Item, partsOf } from "../schemas/fields/item.ts";
import type { Mix } from "../schemas/fields/mix.ts";
import type { OnError } from "../schemas/fields/on-error.ts";
import { type EmbeddedItems, embedItems, type Vector } from "./embed-items.ts";
import { mixVectors } from "../vectors/mix-vectors.ts";
import type { PictureBatch } from "./picture-batch.ts";

/**
 * @param paramOf gives the path of an item, or of a part of a mix, in the request
 * @throws ServiceError as `embedItems`; `invalid_value` for a mix whose parts cancel each other
 */
export async function embedMixes(
  items: readonly (Item | Mix)[],
  pictures: PictureBatch,
  paramOf: (index: number, part?: number) => string,
  onError: OnError,
): Promise<EmbeddedItems> {
  const parts = items.flatMap((item, index) =>
    partsOf(item).map((part, at) => ({ part, param: paramOf(index, "mix" in item ? at : undefined) })),
  );
  const { vectors, usage } = await embedItems(
    parts.map(({ part }) => part),
    pictures,
    (at) => parts[at]?.param ?? "",
    onError,
  );
  let next = 0;
  const whole = items.map((item, index): Vector => {
    const own = vectors.slice(next, (next += partsOf(item).length));
    if ("mix" in item) return mixed(item, own, paramOf(index));
    return own[0] ?? missing("an item was not embedded");
  });
  return { vectors: whole, usage };
}

/** All that gets a vector: the items, and the parts of those that are mixes. */
export function vectorsOf(items: readonly (Item | Mix)[]): (Item | Mix)[] {
  return items.flatMap((item) => ("mix" in item ? [item, ...partsOf(item)] : [item]));
}

/** @param vectors of the mix's parts, in order */
function mixed({ mix }: Mix, vectors: readonly Vector[], param: string): Vector {
  const failed = vectors.find(({ error }) => error !== undefined);
  if (failed !== undefined) return failed;
  const embedding = mixVectors(
    vectors.map((vector, index) => ({ vector: vector.embedding, weight: mix[index]?.weight ?? 0 })),
  );
  if (embedding === undefined) {
    const message = `${param}: the weighted parts add up to zero, which has no direction`;
    throw new ServiceError("invalid_value", message, { param });
  }
  return { embedding, truncated: vectors.some(({ truncated }) => truncated) };
}
