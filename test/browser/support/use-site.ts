/** A browser, and Workers that serve the page to it, for the tests in one `describe`. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { startWorkers, type Workers } from "../../support/workers.ts";
import { launchBrowser } from "./chromium.ts";

/** Both exist once the tests run. */
export interface Site {
  browser: Browser;
  workers: Workers;
}

/** @param start starts the Workers; by default `startWorkers` */
export function useSite(start: () => Promise<Workers> = startWorkers): Site {
  const site = {} as Site;
  beforeAll(async () => {
    site.workers = await start();
    site.browser = await launchBrowser();
  });
  afterAll(async () => {
    await site.browser.close();
    await site.workers.dispose();
  });
  return site;
}
