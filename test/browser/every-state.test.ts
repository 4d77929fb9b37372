/**
 * Each state of which there is a screenshot: no overflow and no complaints from axe-core, at both widths, in both
 * schemes.
 */
import { expect, it } from "vitest";
import { addKey } from "../support/add-key.ts";
import { startWorkers } from "../support/workers.ts";
import { layoutProblems, SIZES } from "./support/check-layout.ts";
import { describeInBrowser } from "./support/describe-in-browser.ts";
import { OPEN_STATES, SEARCH_STATES, type State, STATES_WITH_KEYS } from "./support/states.ts";
import { type Site, useSite } from "./support/use-site.ts";
import { visit } from "./support/visit.ts";

/** @returns what is wrong */
async function problemsIn({ browser, workers }: Site, { use }: State): Promise<unknown[]> {
  const found: unknown[] = [];
  for (const { width, colorScheme } of SIZES) {
    await visit(
      browser,
      workers.url,
      async (page) => {
        await use(page);
        found.push(...(await layoutProblems(page, width)).map((problem) => [width, colorScheme, problem]));
      },
      { viewport: { width, height: 812 }, colorScheme, reducedMotion: "reduce", mayFail: true },
    );
  }
  return found;
}

describeInBrowser("every state of the page", () => {
  const site = useSite();
  // In this order: the first states are those of an account that has nothing stored.
  it.each([...OPEN_STATES, ...SEARCH_STATES])("$name", async (state) =>
    expect(await problemsIn(site, state)).toEqual([]),
  );
});

describeInBrowser("every state of the page that needs keys", () => {
  const site = useSite(async () => {
    const workers = await startWorkers({ access: "keys" });
    // Without any key, the service says that it is not set up.
    await addKey(await workers.miniflare.getKVNamespace("KEYS", "edgeclip"), "acme");
    return workers;
  });
  it.each(STATES_WITH_KEYS)("$name", async (state) => expect(await problemsIn(site, state)).toEqual([]));
});
