/** Searching in a browser: a store is made, pictures are added and taken out, and found in words and by a picture. */
import type { Locator } from "playwright-core";
import { expect, it } from "vitest";
import { request } from "../support/send-request.ts";
import { startWorkers } from "../support/workers.ts";
import { describeInBrowser } from "./support/describe-in-browser.ts";
import { noPicture, pictureFile } from "./support/files.ts";
import { announcement, example, openFold, openTab } from "./support/parts.ts";
import { useSite } from "./support/use-site.ts";
import { visit } from "./support/visit.ts";

const NAMES = [
  "fox",
  "giraffe",
  "harp",
  "police-car",
  "tulip",
  "rocket",
  "dress",
  "grapes",
  "moon",
  "trophy",
];

/** Names of the pictures found, the nearest first. */
async function found(panel: Locator): Promise<string[]> {
  await panel.locator("[data-outcome]:not([aria-busy]) .gallery").waitFor();
  return await panel.locator(".gallery .name").allInnerTexts();
}

describeInBrowser("the tab that searches", () => {
  const site = useSite();

  it("makes a store, adds pictures, and finds them in words and by a picture", async () => {
    await visit(site.browser, site.workers.url, async (page) => {
      const panel = await openTab(page, "Search");
      await panel.getByLabel("Name of the store").fill("drawings");
      await panel.getByRole("button", { name: "Make" }).click();
      await panel.getByRole("option", { name: "drawings (0 pictures)" }).waitFor({ state: "attached" });
      const files = await Promise.all(NAMES.map((name) => pictureFile(name)));
      await panel.locator("[data-add] [data-file]").setInputFiles([...files, noPicture("notes.txt")]);
      await panel.getByText("10 of 11 pictures added.").waitFor();
      await panel.getByText("notes.txt Not a picture in a supported format").waitFor();
      await panel.getByRole("option", { name: "drawings (10 pictures)" }).waitFor({ state: "attached" });

      await panel.getByLabel("In words").fill("a picture of a harp");
      await panel.getByLabel("In words").press("Enter");
      expect((await found(panel))[0]).toBe("harp.png");
      expect(await panel.locator(".gallery li").count()).toBe(10);
      expect(await announcement(panel).textContent()).toBe("10 pictures, the nearest is harp.png");
      await expect.poll(() => panel.locator(".gallery img").count()).toBe(10);
      expect(await panel.getByRole("tabpanel", { name: "curl" }).innerText()).toContain(
        '"query":"a picture of a harp"',
      );

      await panel.locator("[data-question] [data-file]").setInputFiles(files.slice(5, 6));
      await panel.locator(".gallery li").first().getByText("rocket.png").waitFor();
      expect(await panel.locator(".gallery strong").first().innerText()).toMatch(/^(1\.000|0\.99\d)$/);
      await panel.locator(".gallery button").first().click();
      await page.getByRole("dialog", { name: "rocket.png" }).locator("img").waitFor();
      await page.keyboard.press("Escape");

      await openFold(panel, "What is in the store");
      await panel.getByRole("button", { name: "Take rocket.png out" }).press("Enter");
      await panel.getByRole("option", { name: "drawings (9 pictures)" }).waitFor({ state: "attached" });
      await panel.getByRole("button", { name: "Search", exact: true }).click();
      await expect.poll(() => panel.locator(".gallery li").count()).toBe(9);
      expect(await found(panel)).not.toContain("rocket.png");
    });
  });

  it("deletes a store after a question, and leaves its files", async () => {
    await visit(site.browser, site.workers.url, async (page) => {
      const panel = await openTab(page, "Search");
      await openFold(panel, "Make a new store");
      await panel.getByLabel("Name of the store").fill("unwanted");
      await panel.getByRole("button", { name: "Make" }).click();
      await example(panel, "Harp").click();
      await panel.getByText("1 of 1 picture added.").waitFor();
      const menu = panel.getByLabel("Vector store");
      await panel.getByRole("option", { name: "unwanted (1 picture)" }).waitFor({ state: "attached" });
      const store = await menu.inputValue();
      const path = `${site.workers.url}/v1/vector_stores/${store}`;
      const { body: inStore } = await request("GET", `${path}/files`);
      await panel.getByRole("button", { name: "Search", exact: true }).click();
      expect(await found(panel)).toEqual(["harp.png"]);

      const erase = panel.getByRole("button", { name: "Delete… this store" });
      await erase.click();
      const question = page.getByRole("alertdialog", { name: "Delete the store “unwanted”?" });
      await question.getByText("Its picture cannot be searched any more").waitFor();
      await page.keyboard.press("Escape");
      expect(await question.count()).toBe(0);
      expect((await request("GET", path)).status).toBe(200);

      await erase.click();
      await question.getByRole("button", { name: "Delete" }).click();
      await panel.getByText("“unwanted” is deleted.").waitFor();
      expect(await menu.inputValue()).toBe("");
      expect(await erase.isVisible()).toBe(false);
      expect(await panel.getByRole("group", { name: "Add pictures" }).isVisible()).toBe(false);
      expect(await panel.locator(".gallery").count()).toBe(0);
      expect((await request("GET", path)).status).toBe(404);
      const file = `${site.workers.url}/v1/files/${inStore.data[0].id}`;
      expect((await request("GET", file)).status).toBe(200);
    });
  });

  it("says that its code did not come, and loads it when it can", async () => {
    await visit(
      site.browser,
      site.workers.url,
      async (page) => {
        const asked: string[] = [];
        page.on("request", (each) => asked.push(each.url()));
        await page.context().setOffline(true);
        const panel = await openTab(page, "Search");
        await panel.getByRole("alert").getByText("The search could not be loaded").waitFor();
        expect(await panel.getByRole("form").count()).toBe(0);
        await panel.getByRole("button", { name: "Try again" }).press("Enter");
        await panel.getByRole("button", { name: "Try again" }).waitFor();
        await page.context().setOffline(false);
        await panel.getByRole("button", { name: "Try again" }).click();
        await panel.getByText("then say what to find").waitFor();
        expect(await panel.getByText("could not be loaded").count()).toBe(0);
        await panel.getByLabel("Vector store").waitFor();
        // Once loaded, it is not loaded again.
        const count = asked.length;
        await openTab(page, "Compare");
        await openTab(page, "Search");
        expect(asked.slice(count).filter((url) => url.includes("/search-"))).toEqual([]);
      },
      { mayFail: true },
    );
  });

  it("shows a store of the address, whose pictures it loads, and adds an example", async () => {
    const { body: store } = await request("POST", `${site.workers.url}/v1/vector_stores`, { name: "few" });
    const form = new FormData();
    for (const name of ["fox", "moon"]) {
      const { buffer } = await pictureFile(name);
      form.append("image", new Blob([new Uint8Array(buffer)]), `${name}.png`);
    }
    const added = await request("POST", `${site.workers.url}/v1/vector_stores/${store.id}/files`, form);
    expect(added.status).toBe(200);
    await visit(site.browser, site.workers.url, async (page) => {
      await page.goto(`${site.workers.url}/#tab=search&store=${store.id}&query=a+picture+of+a+moon`);
      const panel = page.getByRole("tabpanel", { name: "Search" });
      await panel.getByRole("option", { name: "few (2 pictures)" }).waitFor({ state: "attached" });
      await panel.getByRole("button", { name: "Search", exact: true }).click();
      expect(await found(panel)).toEqual(["moon.png", "fox.png"]);
      const sizes = (): Promise<number[]> =>
        panel
          .locator(".gallery img")
          .evaluateAll((images) => images.map((image) => (image as unknown as ImageLike).naturalWidth));
      await expect.poll(sizes).toEqual([64, 64]);
      await example(panel, "Harp").click();
      await panel.getByText("1 of 1 picture added.").waitFor();
      await openFold(panel, "What is in the store");
      await expect
        .poll(() => panel.getByRole("list", { name: "Pictures in the store" }).locator("img").count())
        .toBe(3);
    });
  });
});

describeInBrowser("searching on a public deployment", () => {
  const site = useSite(() => startWorkers({ access: "public" }));

  it("says that stores need a key", async () => {
    await visit(
      site.browser,
      site.workers.url,
      async (page) => {
        const panel = await openTab(page, "Search");
        const said = panel.getByRole("alert").filter({ hasText: "An API key is needed" });
        await said.waitFor();
        expect(await said.innerText()).toMatch(/“Model and key”/);
      },
      { mayFail: true },
    );
  });
});

/** The properties of page elements that the tests read. Without this, their types would be those of Workers. */
interface ImageLike {
  naturalWidth: number;
}
