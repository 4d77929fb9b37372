/** The contender's export gives the same bytes each time, and computes the same function as this project's tower. */
import { expect, it } from "vitest";
import { syntheticInput } from "../../../build/synthetic/synthetic-tensor.ts";
import { sha256Hex } from "../../../model-shards/sha256.ts";
import tiny from "../../fixtures/reference/tiny.json" with { type: "json" };
import { cosine } from "../../support/cosine.ts";
import { benchModel } from "../support/benched-model.ts";
import { exportStraight, ortWeb } from "../contenders/tower-contenders.ts";

it.each([
  ["int8", "5cc3d405167e80ee cd0d4734a2c51203", 0.999],
  ["fp32", "84c8638040784832 36577b2aaff66cd5", 0.99999],
] as const)("in %s is pinned, and near the reference", async (precision, pinned, bar) => {
  const { checkpoint, size } = await benchModel(true);
  const exported = await exportStraight(checkpoint, precision);
  // The first 16 digits of the SHA-256 of graph and weights.
  const hashes = await Promise.all([exported.graph, exported.data].map((bytes) => sha256Hex(bytes)));
  expect(hashes.map((hash) => hash.slice(0, 16)).join(" ")).toBe(pinned);
  const embed = await ortWeb(exported, size);
  const [picture] = tiny.images.filter((each) => each.size === size);
  const found = await embed(syntheticInput(picture?.input ?? "", 3 * size * size));
  expect(cosine(found, picture?.embedding ?? [])).toBeGreaterThanOrEqual(bar);
});
