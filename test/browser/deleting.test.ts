/** What happens on the page while the deletion of a store or a label set is on its way: nothing ends the dialog. */
import type { Locator, Page, Route } from "playwright-core";
import { expect, it } from "vitest";
import { request } from "../support/send-request.ts";
import { layoutProblems } from "./support/check-layout.ts";
import { describeInBrowser } from "./support/describe-in-browser.ts";
import { openTab } from "./support/parts.ts";
import { useSite } from "./support/use-site.ts";
import { visit } from "./support/visit.ts";

/** Presses "Delete". @returns the request, which waits */
async function beginDeleting(page: Page, question: Locator): Promise<Route> {
  const held = Promise.withResolvers<Route>();
  await page.route(
    /\/v1\/(label_sets|vector_stores)\/\w+$/,
    (route) => (route.request().method() === "DELETE" ? held.resolve(route) : route.continue()),
    { times: 1 },
  );
  await question.getByRole("button", { name: "Delete" }).press("Enter");
  return await held.promise;
}

/** Tries every way to close the dialog. */
async function checkThatItStays(page: Page, question: Locator): Promise<void> {
  const keep = question.getByRole("button", { name: "Keep", disabled: true });
  await question.getByRole("button", { name: "Deleting…", disabled: true }).waitFor();
  await keep.click({ force: true });
  await keep.press("Enter");
  for (let press = 0; press < 3; press++) await page.keyboard.press("Escape");
  expect(await question.count()).toBe(1);
  expect(await layoutProblems(page, 1280)).toEqual([]);
}

describeInBrowser("a deletion that is on its way", () => {
  const site = useSite();

  it("takes away the store that is deleted, though another one is chosen by then", async () => {
    const { url } = site.workers;
    const { body: doomed } = await request("POST", `${url}/v1/vector_stores`, { name: "doomed" });
    const { body: other } = await request("POST", `${url}/v1/vector_stores`, { name: "other" });
    await visit(
      site.browser,
      url,
      async (page) => {
        const panel = await openTab(page, "Search");
        const menu = panel.getByLabel("Vector store");
        await panel.getByRole("option", { name: "doomed" }).waitFor({ state: "attached" });
        await menu.selectOption(doomed.id);
        await panel.getByRole("button", { name: "Delete… this store" }).click();
        const question = page.getByRole("alertdialog", { name: "Delete the store “doomed”?" });
        const deletion = await beginDeleting(page, question);
        await checkThatItStays(page, question);
        await page.goto(`${url}/#tab=search&store=${other.id}`);
        await expect.poll(() => menu.inputValue()).toBe(other.id);
        // So that the menu has only what the deletion left.
        await page.route(/\/v1\/vector_stores\?/, (route) => route.abort());
        await deletion.continue();
        await question.waitFor({ state: "detached" });
        expect(await menu.inputValue()).toBe(other.id);
        expect(await menu.locator("option").allInnerTexts()).toEqual(["Choose one…", "other (0 pictures)"]);
        expect((await request("GET", `${url}/v1/vector_stores/${doomed.id}`)).status).toBe(404);
      },
      { mayFail: true },
    );
  });

  it("says in the dialog that a label set could not be deleted, and lets it be kept then", async () => {
    const { url } = site.workers;
    await request("POST", `${url}/v1/label_sets`, { name: "animals", labels: ["fox", "bus"] });
    await visit(
      site.browser,
      url,
      async (page) => {
        const panel = await openTab(page, "Classify");
        const menu = panel.getByLabel("Stored label set");
        await menu.locator("option", { hasText: "animals" }).waitFor({ state: "attached" });
        await menu.selectOption("animals");
        await panel.getByRole("button", { name: "Delete… this label set" }).click();
        const question = page.getByRole("alertdialog", { name: "Delete the label set “animals”?" });
        const deletion = await beginDeleting(page, question);
        await checkThatItStays(page, question);
        await deletion.abort();
        await question.getByRole("alert").getByText("The server cannot be reached").waitFor();
        await question.getByRole("button", { name: "Keep", disabled: false }).click();
        expect(await question.count()).toBe(0);
        expect(await menu.inputValue()).toBe("animals");
        expect((await request("GET", `${url}/v1/label_sets/animals`)).status).toBe(200);
      },
      { mayFail: true },
    );
  });
});
