/** What the operator's report says of label sets, with a real local R2. */
import { expect, it } from "vitest";
import type { Bindings } from "../../functions/gateway/bindings.ts";
import { reportLabelSets } from "../../functions/gateway/report/label-sets.ts";
import { SetStore } from "../../functions/label-sets/set-store.ts";
import { useLocalSets } from "../label-sets/support/local-sets.ts";

const REVISIONS = ["1".repeat(16), "2".repeat(16)] as const;
const [FIRST, SECOND] = REVISIONS;
const SECRET = "secret";

const bucket = useLocalSets();

function env(): Bindings {
  const models = REVISIONS.map((revision) => `model@${revision}`).join();
  return { SETS: bucket(), SERVED_MODELS: models } as unknown as Bindings;
}

const idOf = (number: number): string => `ls_${String(number).padStart(32, "0")}`;

/** A set that was stored long ago, unless `fields` says otherwise. */
async function store(number: number, fields: { examples?: number; created_at?: number } = {}) {
  const sets = new SetStore(bucket());
  const id = idOf(number);
  const summary = {
    id,
    account: `${SECRET}-${number % 3}`,
    name: SECRET,
    labels: 1,
    prompts: 1,
    templates: ["{}"],
    created_at: 1,
  };
  const definition = { labels: [{ label: SECRET }], templates: ["{}"], negative: [], min_similarity: null };
  await sets.create({ ...summary, ...fields }, definition);
  return { sets, id };
}

async function compute({ sets, id }: { sets: SetStore; id: string }, revision: string, bytes: number) {
  await sets.putVectors(id, revision, new ArrayBuffer(bytes));
}

it("counts what is computed, being computed, without vectors of examples, and computed for no model", async () => {
  // Used with one model, as most sets are, and with both.
  await compute(await store(0), FIRST, 10);
  const both = await store(1);
  await compute(both, FIRST, 10);
  await compute(both, SECOND, 5);
  const large = await store(2);
  const claim = { turn: "a", next: "b", holder: "", busyUntil: 0 };
  await large.sets.claims.put(large.id, SECOND, { ...claim, aliveUntil: Date.now() + 60_000 }, undefined);
  const taught = await store(3, { examples: 1 });
  await taught.sets.examples.put(taught.id, SECOND, new Float32Array(1));
  await taught.sets.claims.put(taught.id, SECOND, { ...claim, aliveUntil: Date.now() + 60_000 }, undefined);
  await store(4, { examples: 2 });
  // Whoever stored it still waits for the answer.
  await store(5, { created_at: Math.floor(Date.now() / 1000) });
  expect(await reportLabelSets(env(), 0)).toEqual({
    sets: 6,
    uncomputed: 0,
    models: [
      { model: `model@${FIRST}`, ready: 2, building: 0, missing_examples: 2, bytes: 20 },
      { model: `model@${SECOND}`, ready: 1, building: 2, missing_examples: 1, bytes: 5 },
    ],
    after: null,
  });
  // One that nobody computes, and one whose message was lost.
  await store(6);
  const lost = await store(7);
  await lost.sets.claims.put(lost.id, FIRST, { ...claim, aliveUntil: Date.now() - 1 }, undefined);
  expect(await reportLabelSets(env(), 0)).toMatchObject({ sets: 8, uncomputed: 2 });
});

it("has pages that tell neither accounts nor sets", async () => {
  for (let number = 0; number < 9; number++) await store(number);
  let [sets, pages] = [0, 0];
  for (let after: number | null = 0; after !== null; pages++) {
    const page: Awaited<ReturnType<typeof reportLabelSets>> = await reportLabelSets(env(), after, 2);
    expect(JSON.stringify(page)).not.toMatch(/secret|ls_|accounts/);
    sets += page.sets;
    ({ after } = page);
  }
  expect([sets, pages]).toEqual([9, 5]);
});
