/** A real Chromium, and a page in it that notes what must not happen: console errors, and requests to other origins. */
import { access } from "node:fs/promises";
import { type Browser, chromium, type Page } from "playwright-core";

/** Debian's; CHROMIUM names another. */
const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

export const hasChromium = await access(CHROMIUM).then(
  () => true,
  () => false,
);

export async function startBrowser(): Promise<Browser> {
  return await chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--no-sandbox",
      "--headless",
      "--disable-gpu",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

export interface WatchedPage {
  page: Page;
  /** Errors and warnings of the console, and exceptions. */
  complaints: string[];
  /** Origins that were asked. */
  origins: Set<string>;
  /** Paths that were asked. */
  paths: string[];
}

interface Options {
  width?: number;
  height?: number;
  colorScheme?: "light" | "dark";
}

export async function openPage(
  browser: Browser,
  url: string,
  { width = 1280, height = 900, colorScheme = "light" }: Options = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme });
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: url });
  const page = await context.newPage();
  const watched: WatchedPage = { page, complaints: [], origins: new Set(), paths: [] };
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) watched.complaints.push(message.text());
  });
  page.on("pageerror", (error) => watched.complaints.push(String(error)));
  page.on("request", (request) => {
    const asked = new URL(request.url());
    if (asked.protocol.startsWith("http")) watched.origins.add(asked.origin);
    watched.paths.push(asked.pathname);
  });
  await page.goto(url);
  await page.locator("#model option").first().waitFor({ state: "attached" });
  return watched;
}
