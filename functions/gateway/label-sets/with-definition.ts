/**
 * Reads the definition of a stored set when the isolate has room for it, beside the bodies of requests: it may be as
 * large as one of them.
 */
import type { LabelSetDefinition } from "../../label-sets/definition.ts";
import type { Hold } from "../../label-sets/checksummed-objects.ts";
import type { SetStore } from "../../label-sets/set-store.ts";
import { bytesInFlight } from "../body/bytes-in-flight.ts";
import { ownerOf } from "../body/fair-order.ts";
import { growOwn } from "./own-room.ts";

/**
 * Memory of a definition as a multiple of its JSON's length: the text, and the objects, three times that of short
 * labels.
 */
const PARSED = 4;

interface Asked {
  /** Who asks. */
  client: string;
  /** True if only a line of a batch is known to need it. */
  isOfLine?: boolean;
}

/**
 * @param use gets the definition, and a function that waits for room for more bytes beside it; all of it is given to
 * others once `use` is done
 * @returns undefined if there is no such set
 * @throws ServiceError `overloaded`, `model_unavailable`; whatever `use` throws
 */
export async function withDefinition<T>(
  store: SetStore,
  id: string,
  use: (definition: LabelSetDefinition, hold: Hold) => T | Promise<T>,
  { client, isOfLine = false }: Asked,
): Promise<T | undefined> {
  const share = bytesInFlight.open(0, isOfLine, ownerOf(client, isOfLine));
  const hold = async (bytes: number): Promise<void> => {
    await growOwn(share, bytes);
  };
  try {
    const definition = await store.definition(id, (bytes) => hold(PARSED * bytes));
    return definition === undefined ? undefined : await use(definition, hold);
  } finally {
    share.release();
  }
}
