/** The page on a phone and on a desktop, light and dark: no overflow, and no complaints from axe-core. */
import axe, { type AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { describeInBrowser } from "./support/describe-in-browser.ts";
import { noPicture, pictureFile } from "./support/files.ts";
import { example, openFold, openTab, winner } from "./support/parts.ts";
import { useSite } from "./support/use-site.ts";
import { visit } from "./support/visit.ts";

const LONG_LABEL = "Donaudampfschifffahrtsgesellschaftskapitaenskajuetenschluesselanhaenger".repeat(2);

describeInBrowser("the layout", () => {
  const site = useSite();

  const sizes = [
    { width: 375, colorScheme: "light" },
    { width: 375, colorScheme: "dark" },
    { width: 1280, colorScheme: "light" },
    { width: 1280, colorScheme: "dark" },
  ] as const;

  it.each(sizes)("at $width pixels, $colorScheme", async ({ width, colorScheme }) => {
    await visit(
      site.browser,
      site.workers.url,
      async (page) => {
        await page.getByText("None stored yet").waitFor();
        await check(page, width);

        for (const fold of ["Model and key", "Store these labels", "Teach labels", "Settings"]) {
          await openFold(page, fold);
        }
        await page.getByLabel("Maybe none of them fits").check();
        await check(page, width);

        const classify = await openTab(page, "Classify");
        await classify.getByLabel("What it could be").fill(`fox\n${LONG_LABEL}\nbus`);
        await example(classify, "Fox").click();
        await winner(page).waitFor();
        await expect.poll(async () => await isInSight(page, ".winner")).toBe(true);
        await check(page, width);

        await classify.locator("[data-file]").setInputFiles({
          name: `${LONG_LABEL}.png`,
          mimeType: "image/png",
          buffer: Buffer.from("no picture"),
        });
        await page.locator(".problem").waitFor();
        await check(page, width);

        await classify
          .locator("[data-file]")
          .setInputFiles([
            await pictureFile("fox"),
            await pictureFile("harp"),
            noPicture(`${LONG_LABEL}.png`),
          ]);
        await classify.getByRole("button", { name: "CSV" }).waitFor();
        await check(page, width);
        await classify.locator(".many .open").first().click();
        await page.getByRole("dialog").waitFor();
        await check(page, width);
        await page.keyboard.press("Escape");

        const compare = await openTab(page, "Compare");
        for (const name of ["Fox", "Giraffe", "Harp", "Police car", "Fox", "Giraffe"]) {
          await example(compare, name).click();
        }
        await compare.getByRole("listitem").nth(5).waitFor();
        await compare.getByLabel("What to compare them with").fill(`a picture of a fox\n${LONG_LABEL}`);
        await compare.getByRole("button", { name: "Compare", exact: true }).click();
        await compare.getByRole("table").waitFor();
        await check(page, width);
        const search = await openTab(page, "Search");
        await openFold(search, "Make a new store");
        await check(page, width);
        await search.getByLabel("Name of the store").fill(LONG_LABEL);
        await search.getByRole("button", { name: "Make" }).click();
        await search.getByRole("button", { name: "Choose pictures to add" }).waitFor();
        await search
          .locator("[data-add] [data-file]")
          .setInputFiles([await pictureFile("fox", `${LONG_LABEL}.png`), noPicture(`${LONG_LABEL}.txt`)]);
        await search.getByText("1 of 2 pictures added.").waitFor();
        await openFold(search, "What is in the store");
        await search.locator(".stored li").waitFor();
        await search.locator("[data-question] [data-file]").setInputFiles(await pictureFile("harp"));
        await search.locator(".gallery img").waitFor();
        await check(page, width);
        const ground = await page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
        expect(ground).toBe(colorScheme === "dark" ? "rgb(15, 18, 23)" : "rgb(246, 247, 249)");
      },
      { viewport: { width, height: 800 }, colorScheme, reducedMotion: "reduce", mayFail: true },
    );
  });

  it("leads to the reference and the OpenAPI document", async () => {
    await visit(site.browser, site.workers.url, async (page) => {
      const links = page.getByRole("navigation").getByRole("link");
      const paths = await Promise.all((await links.all()).map((link) => link.getAttribute("href")));
      expect(paths).toEqual(["/docs/", "/openapi.json"]);
      for (const path of paths) expect((await fetch(site.workers.url + path)).status).toBe(200);
      await links.first().click();
      await page.getByText("/v1/classify").first().waitFor();
    });
  });
});

async function isInSight(page: Page, selector: string): Promise<boolean> {
  return await page.evaluate<boolean>(
    `(({ top, bottom }) => top >= 0 && bottom <= innerHeight)(document.querySelector("${selector}").getBoundingClientRect())`,
  );
}

/** No horizontal scrolling, no findings of axe-core, and no text whose contrast it could not judge. */
async function check(page: Page, width: number): Promise<void> {
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
  await page.evaluate(axe.source);
  const { violations, incomplete } = await page.evaluate<AxeResults>("axe.run()");
  const found = [...violations, ...incomplete].map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]);
  expect(found).toEqual([]);
}
