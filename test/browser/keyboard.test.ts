/** The page without a mouse: Tab and the arrow keys reach everything, and the focus is always visible. */
import type { Locator, Page } from "playwright-core";
import { expect, it } from "vitest";

import { describeInBrowser } from "./support/describe-in-browser.ts";
import { example, openFold, openTab, winner } from "./support/parts.ts";
import { useSite } from "./support/use-site.ts";
import { visit } from "./support/visit.ts";

/** Stops of the Tab key on the page, rounded up. */
const MAX_STOPS = 40;

/** Controls that Tab did not reach. Arrow keys lead to the tabs that are not chosen. */
const NOT_REACHED = `[...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")]
  .filter((control) => control.checkVisibility() && !control.disabled && control.tabIndex !== -1)
  .filter((control) => !control.hasAttribute("data-reached"))
  .map((control) => control.outerHTML)`;

describeInBrowser("the keyboard alone", () => {
  const site = useSite();

  it("classifies and compares", async () => {
    await visit(site.browser, site.workers.url, async (page) => {
      const classify = page.locator("#classify");
      await tabTo(page, page.getByRole("tab", { name: "Classify" }));
      await tabTo(page, example(classify, "Giraffe"));
      await page.keyboard.press("Enter");
      await winner(page).waitFor();
      expect(await winner(page).textContent()).toBe("giraffe");

      await tabTo(page, classify.getByLabel("What it could be"));
      await page.keyboard.press("Control+A");
      await page.keyboard.type("cow, giraffe");
      await page.keyboard.press("Control+Enter");
      await expect.poll(() => classify.locator(".bars tbody tr").count()).toBe(2);

      await tabTo(page, page.getByRole("tab", { name: "curl" }));
      await page.keyboard.press("ArrowLeft");
      expect(await classify.getByRole("tabpanel", { name: "Python" }).isVisible()).toBe(true);
      await page.keyboard.press("ArrowRight");
      expect(await classify.getByRole("tabpanel", { name: "curl" }).isVisible()).toBe(true);

      await tabTo(page, page.getByRole("tab", { name: "Classify" }));
      await page.keyboard.press("ArrowRight");
      expect(await focused(page.getByRole("tab", { name: "Compare" }))).toBe(true);
      const compare = page.locator("#compare");
      expect(await compare.isVisible()).toBe(true);
      expect(await classify.isVisible()).toBe(false);
      for (const name of ["Fox", "Harp"]) {
        await tabTo(page, example(compare, name));
        await page.keyboard.press("Space");
      }
      await tabTo(page, compare.getByRole("button", { name: "Remove harp.png" }));
      await page.keyboard.press("Enter");
      expect(await focused(compare.getByRole("button", { name: "Remove fox.png" }))).toBe(true);
      await tabTo(page, compare.getByRole("button", { name: "Compare" }));
      await page.keyboard.press("Enter");
      await compare.getByRole("table").waitFor();
      await tabTo(page, compare.getByRole("region", { name: "Similarities" }));
    });
  });

  it("makes a store, fills it and searches it", async () => {
    await visit(site.browser, site.workers.url, async (page) => {
      await tabTo(page, page.getByRole("tab", { name: "Classify" }));
      await page.keyboard.press("End");
      expect(await focused(page.getByRole("tab", { name: "Search" }))).toBe(true);
      const panel = page.getByRole("tabpanel", { name: "Search" });
      await panel.getByLabel("Name of the store").waitFor();
      await tabTo(page, panel.getByLabel("Name of the store"));
      await page.keyboard.type("mine");
      await page.keyboard.press("Enter");
      const menu = panel.getByLabel("Vector store");
      await expect.poll(() => focused(menu)).toBe(true);
      await tabTo(page, example(panel, "Harp"));
      await page.keyboard.press("Enter");
      await panel.getByText("1 of 1 picture added.").waitFor();
      await tabTo(page, panel.getByLabel("In words"));
      await page.keyboard.press("Enter");
      await tabTo(page, panel.locator(".gallery button"));
      await page.keyboard.press("Enter");
      await page.getByRole("dialog", { name: "harp.png" }).waitFor();
      await page.keyboard.press("Escape");
      expect(await focused(panel.locator(".gallery button"))).toBe(true);
      await tabTo(page, panel.locator("summary", { hasText: "What is in the store" }));
      await page.keyboard.press("Enter");
      await tabTo(page, panel.getByRole("button", { name: "Take harp.png out" }));
      await page.keyboard.press("Enter");
      await panel.getByRole("option", { name: "mine (0 pictures)" }).waitFor({ state: "attached" });
      expect(await panel.locator(".stored li").count()).toBe(0);

      const erase = panel.getByRole("button", { name: "Delete… this store" });
      await tabTo(page, erase);
      await page.keyboard.press("Enter");
      const question = page.getByRole("alertdialog");
      expect(await focused(question.getByRole("button", { name: "Keep" }))).toBe(true);
      await page.keyboard.press("Enter");
      expect(await focused(erase)).toBe(true);
      await page.keyboard.press("Enter");
      await tabTo(page, question.getByRole("button", { name: "Delete" }));
      await page.keyboard.press("Space");
      await panel.getByText("“mine” is deleted.").waitFor();
      // The menu is empty and takes no focus, but a new store can be made.
      await expect.poll(() => focused(panel.getByLabel("Name of the store"))).toBe(true);
    });
  });

  it("stores a label set and deletes it", async () => {
    await visit(site.browser, site.workers.url, async (page) => {
      const panel = page.locator("#classify");
      await page.getByText("None stored yet").waitFor();
      await tabTo(page, panel.locator("summary", { hasText: "Store these labels" }));
      await page.keyboard.press("Enter");
      await tabTo(page, panel.getByLabel("Name of the set"));
      await page.keyboard.type("mine");
      await page.keyboard.press("Enter");
      const menu = panel.getByLabel("Stored label set");
      await expect.poll(() => focused(menu)).toBe(true);
      await tabTo(page, panel.getByRole("button", { name: "Delete… this label set" }));
      await page.keyboard.press("Enter");
      await page.getByRole("alertdialog").waitFor();
      await page.keyboard.press("Escape");
      expect(await page.getByRole("alertdialog").count()).toBe(0);
      expect(await menu.inputValue()).toBe("mine");
      await page.keyboard.press("Enter");
      await tabTo(page, page.getByRole("alertdialog").getByRole("button", { name: "Delete" }));
      await page.keyboard.press("Enter");
      await panel.getByText("“mine” is deleted.").waitFor();
      await expect.poll(() => focused(panel.getByLabel("What it could be"))).toBe(true);
    });
  });

  it.each(["Classify", "Compare", "Search"] as const)("reaches every control of %s", async (name) => {
    await visit(site.browser, site.workers.url, async (page) => {
      const panel = await openTab(page, name);
      if (name === "Search") {
        await openFold(panel, "Make a new store");
        await panel.getByLabel("Name of the store").fill("all controls");
        await panel.getByRole("button", { name: "Make" }).click();
      }
      await example(panel, "Fox").click();
      if (name === "Compare") await panel.getByRole("listitem").waitFor();
      if (name === "Search") await panel.getByText("1 of 1 picture added.").waitFor();
      if (name !== "Classify") await panel.getByRole("button", { name, exact: true }).click();
      await panel.locator(".snippets").waitFor();
      await page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true");
      if (name === "Classify") await panel.getByLabel("Maybe none of them fits").check();
      if (name === "Search") await panel.locator(".stored button").waitFor();
      await panel.locator("[data-outcome]:not([aria-busy])").waitFor();

      await page.getByRole("tab", { name, exact: true }).focus();
      for (let stop = 0; stop < 2 * MAX_STOPS; stop++) {
        await page.keyboard.press("Tab");
        await page.evaluate("document.activeElement.setAttribute('data-reached', '')");
      }
      expect(await page.evaluate(NOT_REACHED)).toEqual([]);
    });
  });

  it("opens the file chooser, and takes a link by Enter", async () => {
    await visit(
      site.browser,
      site.workers.url,
      async (page) => {
        const drop = page.getByRole("button", { name: "Choose pictures" }).first();
        // Set this up early: Chromium does not report when its file choosers are intercepted.
        const choosing = page.waitForEvent("filechooser");
        await tabTo(page, drop);
        await page.keyboard.press("Enter");
        await choosing;
        await tabTo(page, page.locator("#classify").getByLabel("Link to a picture"));
        await page.keyboard.type("not a link");
        await page.keyboard.press("Enter");
        expect(await page.locator(".problem").count()).toBe(0);
        await page.keyboard.press("Control+A");
        await page.keyboard.type("http://127.0.0.1/secret.png");
        await page.keyboard.press("Enter");
        // The page sends the link, and the server refuses it.
        await page.locator(".problem", { hasText: "Code image_url_forbidden" }).waitFor();
      },
      { mayFail: true },
    );
  });
});

async function focused(target: Locator): Promise<boolean> {
  return await target.evaluate((element) => (element as unknown as Selectable).matches(":focus"));
}

/** The properties of page elements that the tests read. Without this, their types would be those of Workers. */
interface Selectable {
  matches(selector: string): boolean;
}

/** Presses Tab until the target has the focus. Every stop on the way must show a visible focus. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  for (let stop = 0; stop < MAX_STOPS; stop++) {
    await page.keyboard.press("Tab");
    const outline = await page.evaluate<string>(
      "document.activeElement === document.body ? 'body' : getComputedStyle(document.activeElement).outlineStyle",
    );
    expect(outline).toMatch(/^(solid|auto|body)$/);
    if (await focused(target)) return;
  }
  throw new Error(`Tab does not reach ${String(target)}`);
}
