/** Parts of the page, by what somebody who uses it sees or hears of them. */
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";

export const EXAMPLES = join(import.meta.dirname, "../../../examples");

/** The panel of a tab; opens it. */
export async function openTab(page: Page, name: "Classify" | "Compare"): Promise<Locator> {
  await page.getByRole("tab", { name, exact: true }).click();
  return page.getByRole("tabpanel", { name, exact: true });
}

export function example(panel: Locator, name: string): Locator {
  return panel.getByRole("group", { name: "Example pictures" }).getByRole("button", { name });
}

/** The best label of the classification in sight. */
export function winner(page: Page): Locator {
  return page.locator(".winner strong");
}

/** @returns as text: what is said to screen readers */
export function announcement(panel: Locator): Locator {
  return panel.getByRole("status");
}
