/**
 * The input shape for which a tower or a stage plans its memory: the manifest's shape with numbers for its named
 * dimensions.
 */
import type { Shard } from "../../../model-shards/manifest.ts";

/**
 * @param known sizes by name; `<name>_div_<n>` is `<name>` divided by n, and the batch is 1
 * @throws Error for any other name of a dimension
 */
export function plannedShape(shards: readonly Shard[], known: Record<string, number>): number[] {
  return (shards[0]?.inputs[0]?.shape ?? []).map((dimension) => {
    if (typeof dimension === "number") return dimension;
    const [name = "", divisor = "1"] = dimension.split("_div_");
    const size = name === "batch" ? 1 : known[name];
    if (size === undefined) throw new Error(`the size of the dimension ${dimension} is not known`);
    return size / Number(divisor);
  });
}
