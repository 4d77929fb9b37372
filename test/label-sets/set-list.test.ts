/** Pages of label sets, with a real local R2. */
import { expect, it } from "vitest";
import { SetStore } from "../../functions/label-sets/set-store.ts";
import { useLocalSets } from "./support/local-sets.ts";

const ACCOUNT = "a";
const TEMPLATES = ["{}"];

const bucket = useLocalSets();

it("a page is filled from behind sets that are deleted while it is read", async () => {
  const ids = Array.from({ length: 5 }, (_, index) => `ls_${String(index).padStart(32, "0")}`);
  for (const id of ids) {
    const summary = {
      id,
      account: ACCOUNT,
      name: null,
      labels: 1,
      prompts: 1,
      templates: TEMPLATES,
      created_at: 1,
    };
    const definition = { labels: [{ name: "a" }], templates: TEMPLATES, negative: [], min_similarity: null };
    await new SetStore(bucket()).create(summary, definition as never);
  }
  const doomed = new Set(ids.slice(0, 3));
  const deleting = new Proxy(bucket(), {
    get: (target, name: keyof R2Bucket) =>
      name === "list"
        ? async (options: R2ListOptions) => {
            const listed = await target.list(options);
            for (const { key } of listed.objects)
              if (doomed.has(key.split("/")[2] ?? "")) await target.delete(key);
            return listed;
          }
        : target[name].bind(target),
  });
  const { sets, hasMore } = await new SetStore(deleting).list(ACCOUNT, 1, undefined);
  expect([sets.map(({ id }) => id), hasMore]).toEqual([[ids[3]], true]);
});
