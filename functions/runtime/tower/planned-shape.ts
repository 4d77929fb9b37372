/** The input shape that a tower, or a stage of it, is planned for: the manifest's, with its named dimensions filled in. */
import type { Shard } from "../../../model-shards/manifest.ts";

/**
 * @param known sizes by name; `<name>_div_<n>` is an n-th of `<name>`, a batch is 1
 * @throws Error for a dimension that is neither
 */
export function plannedShape(shards: readonly Shard[], known: Record<string, number>): number[] {
  return (shards[0]?.inputs[0]?.shape ?? []).map((dimension) => {
    if (typeof dimension === "number") return dimension;
    const [name = "", divisor = "1"] = dimension.split("_div_");
    const size = name === "batch" ? 1 : known[name];
    if (size === undefined) throw new Error(`the dimension ${dimension} is not known`);
    return size / Number(divisor);
  });
}
