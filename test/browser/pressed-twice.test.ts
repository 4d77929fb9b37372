/** A button that is pressed twice, or Enter, while the first press is being answered: the page asks the API once. */
import type { Locator, Page } from "playwright-core";
import { expect, it } from "vitest";
import { request } from "../support/send-request.ts";
import { describeInBrowser } from "./support/describe-in-browser.ts";
import { pictureFile } from "./support/files.ts";
import { openFold, openTab } from "./support/parts.ts";
import { useSite } from "./support/use-site.ts";
import { visit } from "./support/visit.ts";

/** Does something twice before the first request is answered. @returns how many requests of this method were sent */
async function twice(page: Page, method: "POST" | "DELETE", press: () => Promise<void>): Promise<number> {
  const answers = Promise.withResolvers<void>();
  let count = 0;
  await page.route(/\/v1\/(label_sets|vector_stores)\b/, async (route) => {
    if (route.request().method() !== method) return await route.continue();
    count++;
    await answers.promise;
    await route.continue();
  });
  await press();
  await press();
  await expect.poll(() => count).toBeGreaterThan(0);
  const answered = page.waitForResponse((response) => response.request().method() === method);
  answers.resolve();
  await answered;
  return count;
}

describeInBrowser("a second press", () => {
  const site = useSite();

  const inTab = async (
    tab: "Classify" | "Search",
    use: (page: Page, panel: Locator) => Promise<void>,
  ): Promise<void> => {
    await visit(site.browser, site.workers.url, async (page) => await use(page, await openTab(page, tab)));
  };

  it("makes one store", async () => {
    await inTab("Search", async (page, panel) => {
      await panel.getByLabel("Name of the store").fill("once");
      const make = panel.getByRole("button", { name: "Make" });
      expect(await twice(page, "POST", () => make.click())).toBe(1);
      await panel.getByRole("option", { name: "once (0 pictures)" }).waitFor({ state: "attached" });
    });
  });

  it("stores one label set", async () => {
    await inTab("Classify", async (page, panel) => {
      const name = panel.locator("#set-name");
      await name.evaluate((field) => field.closest("details")?.setAttribute("open", ""));
      await name.fill("once");
      expect(await twice(page, "POST", () => name.press("Enter"))).toBe(1);
      await panel.getByText("Stored as “once”, and chosen.").waitFor();
    });
  });

  it("takes a picture out once", async () => {
    const stores = `${site.workers.url}/v1/vector_stores`;
    const { body: store } = await request("POST", stores, { name: "one picture" });
    const form = new FormData();
    const { buffer, name } = await pictureFile("harp");
    form.append("image", new Blob([new Uint8Array(buffer)]), name);
    await request("POST", `${stores}/${store.id}/files`, form);
    await inTab("Search", async (page, panel) => {
      await panel.getByLabel("Vector store").selectOption(store.id);
      await openFold(panel, "What is in the store");
      const cross = panel.getByRole("button", { name: `Take ${name} out` });
      expect(await twice(page, "DELETE", () => cross.click())).toBe(1);
      await expect.poll(() => cross.count()).toBe(0);
      expect(await panel.getByRole("alert").allInnerTexts()).not.toContainEqual(expect.stringMatching(/\S/));
    });
  });
});
