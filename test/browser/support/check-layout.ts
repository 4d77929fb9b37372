/** Checks how the page is laid out, and what a screen reader, or somebody who sees little, gets of it. */
import axe, { type AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { expect } from "vitest";

/** A phone's width and a desktop's, light and dark. */
export const SIZES = [
  { width: 375, colorScheme: "light" },
  { width: 375, colorScheme: "dark" },
  { width: 1280, colorScheme: "light" },
  { width: 1280, colorScheme: "dark" },
] as const;

/** Horizontal scrolling, findings of axe-core, and text whose contrast it could not judge. */
export async function layoutProblems(page: Page, width: number): Promise<unknown[]> {
  const wide = await page.evaluate<number>("document.documentElement.scrollWidth");
  await page.evaluate(axe.source);
  const { violations, incomplete } = await page.evaluate<AxeResults>("axe.run()");
  return [
    ...(wide === width ? [] : [`the page is ${wide} pixels wide`]),
    ...[...violations, ...incomplete].map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]),
  ];
}

export async function checkLayout(page: Page, width: number): Promise<void> {
  expect(await layoutProblems(page, width)).toEqual([]);
}
