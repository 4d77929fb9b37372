/**
 * Another store is chosen before the answer about the first one has come: nothing of the first appears under the other.
 */
import type { Locator, Page, Request } from "playwright-core";
import { beforeAll, expect, it } from "vitest";
import { request } from "../support/send-request.ts";
import { describeInBrowser } from "./support/describe-in-browser.ts";
import { pictureFile } from "./support/files.ts";
import { openFold } from "./support/parts.ts";
import { useSite } from "./support/use-site.ts";
import { visit } from "./support/visit.ts";

/** One more than a search shows at first. */
const PICTURES = 13;
const FEW = "few";
const MANY = "many";

/** Makes requests wait for good. @returns the next of them, once it is sent */
async function hold(page: Page, path: RegExp): Promise<Request> {
  const sent = Promise.withResolvers<Request>();
  await page.route(path, (route) => sent.resolve(route.request()), { times: 1 });
  return await sent.promise;
}

/** @returns why a request ended, once it does */
async function endOf(page: Page, sent: Request): Promise<string | undefined> {
  const failed = await page.waitForEvent("requestfailed", (each) => each === sent);
  return failed.failure()?.errorText;
}

describeInBrowser("another store that is chosen before an answer", () => {
  const site = useSite();
  const ids = new Map<string, string>();

  beforeAll(async () => {
    for (const [title, count] of [
      [MANY, PICTURES],
      [FEW, 1],
    ] as const) {
      const { body: store } = await request("POST", `${site.workers.url}/v1/vector_stores`, { name: title });
      ids.set(title, store.id);
      const { buffer } = await pictureFile("harp");
      const form = new FormData();
      for (let index = 0; index < count; index++) {
        // Another byte after the picture's end, because the same file twice is one picture.
        form.append("image", new Blob([new Uint8Array(buffer), `${index}`]), `${title}-${index}.png`);
      }
      await request("POST", `${site.workers.url}/v1/vector_stores/${store.id}/files`, form);
    }
  });

  const withMany = async (use: (page: Page, panel: Locator) => Promise<void>): Promise<void> => {
    const address = `${site.workers.url}/#tab=search&store=${ids.get(MANY)}&query=a+harp`;
    await visit(site.browser, site.workers.url, async (page) => {
      await page.goto(address);
      const panel = page.getByRole("tabpanel", { name: "Search" });
      await panel.getByRole("option", { name: "many (13 pictures)" }).waitFor({ state: "attached" });
      await use(page, panel);
    });
  };
  const chooseFew = async (panel: Locator): Promise<void> => {
    await panel.getByLabel("Vector store").selectOption(ids.get(FEW) ?? "");
  };

  it("cancels a search", async () => {
    await withMany(async (page, panel) => {
      const held = hold(page, /\/search$/);
      await panel.getByRole("button", { name: "Search", exact: true }).click();
      const sent = await held;
      const [end] = await Promise.all([endOf(page, sent), chooseFew(panel)]);
      expect(end).toBe("net::ERR_ABORTED");
      expect(await panel.locator("[aria-busy]").count()).toBe(0);
      await panel.getByText("then say what to find").waitFor();
      await panel.getByRole("button", { name: "Search", exact: true }).click();
      await panel.locator(".gallery").waitFor();
      expect(await panel.locator(".gallery .name").allInnerTexts()).toEqual(["few-0.png"]);
    });
  });

  it("cancels a list of the store's pictures", async () => {
    await withMany(async (page, panel) => {
      const held = hold(page, /\/files\?/);
      await openFold(panel, "What is in the store");
      const sent = await held;
      await panel.getByText("What is in the store").click();
      const [end] = await Promise.all([endOf(page, sent), chooseFew(panel)]);
      expect(end).toBe("net::ERR_ABORTED");
    });
  });

  it("leaves “Show more” the question that it shows more of, though other words are typed", async () => {
    await withMany(async (page, panel) => {
      await panel.getByRole("button", { name: "Search", exact: true }).click();
      await panel.getByRole("button", { name: "Show more" }).waitFor();
      await panel.getByLabel("In words").fill("a rocket");
      const [sent] = await Promise.all([
        page.waitForRequest(/\/search$/),
        panel.getByRole("button", { name: "Show more" }).click(),
      ]);
      expect(sent.postDataJSON()).toEqual({ query: "a harp", max_num_results: 50 });
      await expect.poll(() => panel.locator(".gallery li").count()).toBe(PICTURES);
    });
  });

  // The last, because it deletes the store.
  it("a store that is deleted: cancels a search of it", async () => {
    await withMany(async (page, panel) => {
      const held = hold(page, /\/search$/);
      await panel.getByRole("button", { name: "Search", exact: true }).click();
      const sent = await held;
      await panel.getByRole("button", { name: "Delete… this store" }).click();
      const question = page.getByRole("alertdialog");
      const [end] = await Promise.all([
        endOf(page, sent),
        question.getByRole("button", { name: "Delete" }).click(),
      ]);
      expect(end).toBe("net::ERR_ABORTED");
      await panel.getByText("“many” is deleted.").waitFor();
      expect(await panel.locator("[aria-busy]").count()).toBe(0);
    });
  });
});
