/** Tests for which versions of the gateway `model:gc` keeps the Workers. */
import { expect, it } from "vitest";
import { keptVersions } from "../../scripts/models/collect-garbage.ts";

function names(list: string): string[] {
  return list.split(" ").filter((name) => name !== "");
}

it.each([
  ["nothing", "", ""],
  ["the only one", "a", "a"],
  ["the present one and the one before", "a b c", "c b"],
  ["the same after a deployment that moved nothing", "a b b", "b a"],
  ["after a way back: what served before it, and what it went back from", "a b c b", "b a c"],
  ["after a way back and on again", "a b c b d", "d b"],
  ["after two ways back", "a b c b a", "a b"],
])("%s", (_name, deployed, kept) => {
  const deployments = names(deployed).map((version_id) => [{ version_id, percentage: 100 }]);
  expect(keptVersions(deployments)).toEqual(names(kept));
});
