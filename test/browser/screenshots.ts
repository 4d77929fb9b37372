/**
 * `npm run screenshots`: takes the pictures in `docs/images/` from the real page with the demonstration model. Those of
 * the README, and in `docs/images/page/` each state of the page: at 1,280 pixels with light colors and at 375 with
 * dark ones, or with `--all` in all four ways, to be looked at.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { readCommandLine } from "../../build/command-line/command.ts";
import bundleWorkers from "../support/bundle-workers.ts";
import { addKey } from "../support/add-key.ts";
import { startWorkers, type Workers } from "../support/workers.ts";
import { launchBrowser } from "./support/chromium.ts";
import { OPEN_STATES, SEARCH_STATES, STATES_WITH_KEYS, type State } from "./support/states.ts";

const { all, only, out } = readCommandLine(
  {
    usage: "npm run screenshots -- [--all] [--only <state>] [--out <folder>]",
    about: "Takes the pictures of the page in docs/images/, of the real thing with the demonstration model.",
    options: {
      all: { type: "boolean", default: false, about: "every state at both widths in both schemes" },
      only: { type: "string", value: "<state>", about: "one state instead of all" },
      out: {
        type: "string",
        value: "<folder>",
        default: join(import.meta.dirname, "../../docs/images"),
        about: "where they go",
      },
    },
  },
  (values) => values,
);

const DESK = { viewport: { width: 1280, height: 900 } };
const PHONE = { viewport: { width: 375, height: 812 }, isMobile: true };
const WAYS = [
  { name: "desk", ...DESK, colorScheme: "light" },
  { name: "phone-dark", ...PHONE, colorScheme: "dark" },
  { name: "desk-dark", ...DESK, colorScheme: "dark" },
  { name: "phone", ...PHONE, colorScheme: "light" },
] as const;

await bundleWorkers();
await mkdir(join(out, "page"), { recursive: true });
const browser = await launchBrowser();

async function take(
  { url }: Workers,
  { name: state, use, readme = {}, isWhole = true }: State,
  { name, ...way }: (typeof WAYS)[number],
): Promise<void> {
  const context = await browser.newContext({ reducedMotion: "reduce", ...way });
  const page = await context.newPage();
  await page.goto(url);
  await use(page);
  await clean(page, url);
  const path = join(out, readme[name] ?? `page/${state}-${name}.png`);
  // The whole page of a phone would be seven times as high as wide.
  const fullPage = isWhole && (all || name.startsWith("desk"));
  if (fullPage) await page.evaluate("scrollTo(0, 0)");
  await page.screenshot({ path, fullPage });
  await context.close();
}

/** The picture must not show a focus frame, the port of this run, or examples that are still to come. */
async function clean(page: Page, url: string): Promise<void> {
  await page.waitForFunction("[...document.images].every((image) => image.naturalWidth > 0 || image.hidden)");
  await page.mouse.move(0, 0);
  await page.evaluate(`document.activeElement.blur();
    for (const code of document.querySelectorAll("pre code")) {
      code.textContent = code.textContent.replaceAll(${JSON.stringify(url)}, "http://localhost:8787");
    }`);
}

for (const [access, states] of [
  ["open", [...OPEN_STATES, ...SEARCH_STATES]],
  ["keys", STATES_WITH_KEYS],
] as const) {
  const chosen = states.filter(({ name }) => only === undefined || name === only);
  const ways = all ? WAYS : WAYS.slice(0, 2);
  for (const state of chosen) {
    // A store of its own for each, so that what one state stores is not in another's pictures.
    const workers = await startWorkers({ access });
    // Without any key, the service says that it is not set up.
    if (access === "keys") await addKey(await workers.miniflare.getKVNamespace("KEYS", "edgeclip"), "acme");
    for (const way of ways) await take(workers, state, way);
    await workers.dispose();
  }
}
await browser.close();
