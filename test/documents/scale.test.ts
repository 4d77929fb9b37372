/**
 * The model of scale: docs/scale.md has what `npm run scale` prints, and the formulas give what can be known without
 * them.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import * as assumptions from "../../scripts/scale/assumptions.ts";
import { readMeasured } from "../../scripts/scale/measured.ts";
import { LIMITS, metAt, needsOf } from "../../scripts/scale/model.ts";
import { scaleTables } from "../../scripts/scale/tables.ts";
import { tablesOf, withTables } from "../../scripts/scale/with-tables.ts";
import { ROOT } from "./markdown.ts";

const measured = await readMeasured();

/** A file of the project. */
async function text(path: string): Promise<string> {
  return await readFile(join(ROOT, path), "utf8");
}

describe("docs/scale.md", () => {
  it("has the tables that npm run scale prints: npm run scale -- --write writes them", async () => {
    const document = await text("docs/scale.md");
    expect(tablesOf(document)).toBe(scaleTables(measured));
    expect(withTables(document, scaleTables(measured))).toBe(document);
  });
});

describe("the model", () => {
  it("starts from figures of the benches", () => {
    expect(measured.seconds).toBeGreaterThan(0.05);
    expect(measured.dollars).toBeCloseTo(0.3 + measured.seconds * 1000 * 0.02, 1);
    expect(measured.cold.farCacheFilled).toBeLessThan(measured.cold.farCacheEmpty);
    expect(measured.readsOfR2).toBeGreaterThan(10);
  });

  it("needs the same processors and logs however far the load is spread, and money for what is cold", () => {
    const [near, far] = [1, 300].map((dataCenters) => needsOf({ perSecond: 10, dataCenters }, measured));
    expect(far?.processors).toBe(near?.processors);
    expect(far?.dollars.logs).toBe(near?.dollars.logs);
    const month = (10 * 30 * 86_400) / 1e6;
    expect(near?.dollars.warm).toBeCloseTo(month * (measured.dollars + 0.05 * 0.36), 1);
    const cold = month * (far?.cold.short ?? NaN);
    expect(far?.dollars.cold.filled).toBeCloseTo(cold * (measured.loadingMs * 0.02 + 4 * 0.3), 6);
    expect((far?.dollars.cold.empty ?? NaN) - (far?.dollars.cold.filled ?? NaN)).toBeCloseTo(
      cold * measured.readsOfR2 * 0.36,
      6,
    );
  });

  it("finds nearly every request cold where requests are rarer than isolates live, and few where they are not", () => {
    const { idle } = assumptions.LIFETIMES.short;
    expect(needsOf({ perSecond: 1 / (100 * idle), dataCenters: 1 }, measured).cold.short).toBeGreaterThan(
      0.98,
    );
    expect(needsOf({ perSecond: 1, dataCenters: 1 }, measured).cold.short).toBeLessThan(0.01);
  });

  it.each(LIMITS.map((limit) => [limit.name, limit] as const))("says where it meets: %s", (_, limit) => {
    const at = metAt(limit, 10, measured, 10_000) ?? 10_000;
    expect(limit.demand(needsOf({ perSecond: at * 1.01, dataCenters: 10 }, measured))).toBeGreaterThan(
      limit.most,
    );
    expect(limit.demand(needsOf({ perSecond: at * 0.9, dataCenters: 10 }, measured))).toBeLessThanOrEqual(
      limit.most,
    );
  });

  it("assumes what configurations and code say", async () => {
    const { JOBS_AT_ONCE, HIGHEST_TIER, LOGGED, NAME_REMEMBERED, SET_CHECKED } = assumptions;
    expect(await text("wrangler.toml")).toContain(`head_sampling_rate = ${LOGGED.traced} }`);
    expect(await text("functions/jobs/wrangler.toml")).toContain(`max_concurrency = ${JOBS_AT_ONCE}\n`);
    expect(await text("wrangler.toml")).toContain(`simple = { limit = ${10 * HIGHEST_TIER}, period = 10 }`);
    for (const [file, seconds] of [
      ["named-set", NAME_REMEMBERED],
      ["stored-labels", SET_CHECKED],
    ] as const) {
      const asksAgain = `const ASK_AGAIN_AFTER = ${seconds}_000;`;
      expect(await text(`functions/gateway/label-sets/${file}.ts`)).toContain(asksAgain);
    }
  });
});
