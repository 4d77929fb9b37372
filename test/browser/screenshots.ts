/** `npm run screenshots`: takes the pictures in `docs/images/` from the real page with the demonstration model. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { BrowserContextOptions, Page } from "playwright-core";
import { readCommandLine } from "../../build/command-line/command.ts";
import bundleWorkers from "../support/bundle-workers.ts";
import { startWorkers } from "../support/workers.ts";
import { launchBrowser } from "./support/chromium.ts";
import { example, openTab, winner } from "./support/parts.ts";

const OUT = join(import.meta.dirname, "../../docs/images");

readCommandLine({
  usage: "npm run screenshots",
  about: "Takes the pictures of the page in docs/images/, of the real thing with the demonstration model.",
});
await bundleWorkers();
await mkdir(OUT, { recursive: true });
const workers = await startWorkers();
const browser = await launchBrowser();

async function take(
  file: string,
  options: BrowserContextOptions,
  use: (page: Page) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext({ reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  await page.goto(workers.url);
  await page.getByText("None stored yet").waitFor();
  await use(page);
  // The picture must not show a focus frame or the port of this run.
  await page.mouse.move(0, 0);
  await page.evaluate(`document.activeElement.blur();
    for (const code of document.querySelectorAll("pre code")) {
      code.textContent = code.textContent.replaceAll(location.origin, "http://localhost:8787");
    }`);
  // On a phone, show only the visible part: the whole page would be seven times as high as wide.
  await page.screenshot({ path: join(OUT, file), fullPage: options.isMobile !== true });
  await context.close();
}

/** Send it twice: the first answer's times include loading the model. */
async function classifyTheFox(page: Page): Promise<void> {
  const panel = await openTab(page, "Classify");
  await example(panel, "Giraffe").click();
  await page.locator(".winner", { hasText: "giraffe" }).waitFor();
  await example(panel, "Fox").click();
  await page.locator(".winner", { hasText: "fox" }).waitFor();
  await winner(page).waitFor();
}

async function compareFour(page: Page): Promise<void> {
  const panel = await openTab(page, "Compare");
  for (const name of ["Fox", "Giraffe", "Harp", "Police car"]) await example(panel, name).click();
  await panel.getByRole("listitem").nth(3).waitFor();
  await panel.getByRole("button", { name: "Compare", exact: true }).click();
  await panel.getByRole("table").waitFor();
}

const desk = { viewport: { width: 1280, height: 900 } };
await take("page-classify.png", desk, classifyTheFox);
await take("page-compare.png", desk, compareFour);
await take(
  "page-phone.png",
  { viewport: { width: 375, height: 812 }, isMobile: true, colorScheme: "dark" },
  classifyTheFox,
);
await browser.close();
await workers.dispose();
