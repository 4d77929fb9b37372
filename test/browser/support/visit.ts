/**
 * Visits the page in a new browser profile. In every test, the page must contact no other origin and write no errors to
 * the console.
 */
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { expect } from "vitest";

export interface VisitOptions extends BrowserContextOptions {
  /** True if requests may fail; Chromium itself writes such failures to the console. */
  mayFail?: boolean;
}

export async function visit(
  browser: Browser,
  url: string,
  use: (page: Page) => Promise<void>,
  { mayFail = false, ...options }: VisitOptions = {},
): Promise<void> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  try {
    const page = await context.newPage();
    const asked: string[] = [];
    const complaints: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    page.on("pageerror", ({ message }) => complaints.push(message));
    page.on("console", (message) => {
      const isFailure = message.text().startsWith("Failed to load resource");
      if (message.type() !== "log" && !(mayFail && isFailure)) complaints.push(message.text());
    });
    await page.goto(url);
    await use(page);
    expect(complaints).toEqual([]);
    expect(asked).toContain(`${url}/v1/models`);
    expect(asked.filter((each) => !each.startsWith(`${url}/`) && !each.startsWith("blob:"))).toEqual([]);
  } finally {
    await context.close();
  }
}
