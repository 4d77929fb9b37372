/** `npm run screenshots`: the pictures of the page in docs/images/, of the page as it is. */
import { join } from "node:path";
import setup from "../support/bundle-workers.ts";
import { startWorkers } from "../support/workers.ts";
import { openPage, startBrowser } from "./browser.ts";

const ROOT = join(import.meta.dirname, "../..");
const EXAMPLES = join(ROOT, "examples");
const IMAGES = join(ROOT, "docs/images");

await setup();
const [browser, workers] = await Promise.all([startBrowser(), startWorkers()]);
try {
  for (const { file, width, height, colorScheme } of [
    { file: "page-classify.png", width: 1280, height: 860, colorScheme: "light" },
    { file: "page-phone.png", width: 375, height: 1500, colorScheme: "dark" },
  ] as const) {
    const { page } = await openPage(browser, workers.url, { width, height, colorScheme });
    await page.locator("#classify input[type=file]").setInputFiles(join(EXAMPLES, "fox.png"));
    await page.locator(".winner").waitFor();
    await page.waitForTimeout(500);
    await page.screenshot({ path: join(IMAGES, file), fullPage: width < 500 });
  }
  const { page } = await openPage(browser, workers.url, { height: 860 });
  await page.locator("#compare-tab").click();
  const files = ["fox", "harp", "grapes", "rocket"].map((name) => join(EXAMPLES, `${name}.png`));
  await page.locator("#compare input[type=file]").setInputFiles(files);
  await page.locator("#compare .go").click();
  await page.locator(".heat").waitFor();
  await page.evaluate(() => scrollTo(0, 0));
  await page.screenshot({ path: join(IMAGES, "page-compare.png"), fullPage: true });
} finally {
  await browser.close();
  await workers.dispose();
}
