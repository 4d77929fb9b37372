/** Finds parts of the page by what a user sees or hears of them. */
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";

export const EXAMPLES = join(import.meta.dirname, "../../../examples");

/** Opens a tab and gives its panel. */
export async function openTab(page: Page, name: "Classify" | "Compare" | "Search"): Promise<Locator> {
  await page.getByRole("tab", { name, exact: true }).click();
  return page.getByRole("tabpanel", { name, exact: true });
}

export function example(panel: Locator, name: string): Locator {
  return panel.getByRole("group", { name: "Example pictures" }).getByRole("button", { name });
}

/** The best label of the visible classification. */
export function winner(page: Page): Locator {
  return page.locator(".winner strong");
}

/** @returns the text for screen readers */
export function announcement(panel: Locator): Locator {
  return panel.locator("[data-announcement]");
}

/** Opens a folded part, if it is closed. @param summary the beginning of its heading */
export async function openFold(within: Locator | Page, summary: string): Promise<void> {
  const fold = within.locator("summary", { hasText: summary }).locator("..");
  // Not by a click, which would close a part that the page opens at the same moment.
  await fold.evaluate((details) => {
    (details as unknown as { open: boolean }).open = true;
  });
}
