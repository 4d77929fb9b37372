/** The page on a phone and on a desktop, light and dark: no overflow, and no complaints from axe-core. */
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { checkLayout, SIZES } from "./support/check-layout.ts";
import { describeInBrowser } from "./support/describe-in-browser.ts";
import { noPicture, pictureFile } from "./support/files.ts";
import { example, openFold, openTab, winner } from "./support/parts.ts";
import { useSite } from "./support/use-site.ts";
import { visit } from "./support/visit.ts";

const LONG_LABEL = "Donaudampfschifffahrtsgesellschaftskapitaenskajuetenschluesselanhaenger".repeat(2);

describeInBrowser("the layout", () => {
  const site = useSite();

  it.each(SIZES)("at $width pixels, $colorScheme", async ({ width, colorScheme }) => {
    await visit(
      site.browser,
      site.workers.url,
      async (page) => {
        await page.getByText("None stored yet").waitFor();
        await checkLayout(page, width);

        for (const fold of ["Model and key", "Store these labels", "Teach labels", "Settings"]) {
          await openFold(page, fold);
        }
        await page.getByLabel("Maybe none of them fits").check();
        await checkLayout(page, width);

        const classify = await openTab(page, "Classify");
        await classify.getByLabel("What it could be").fill(`fox\n${LONG_LABEL}\nbus`);
        await example(classify, "Fox").click();
        await winner(page).waitFor();
        await expect.poll(async () => await isInSight(page, ".winner")).toBe(true);
        await checkLayout(page, width);

        await classify.locator("[data-file]").setInputFiles({
          name: `${LONG_LABEL}.png`,
          mimeType: "image/png",
          buffer: Buffer.from("no picture"),
        });
        await page.locator(".problem").waitFor();
        await checkLayout(page, width);

        await classify
          .locator("[data-file]")
          .setInputFiles([
            await pictureFile("fox"),
            await pictureFile("harp"),
            noPicture(`${LONG_LABEL}.png`),
          ]);
        await classify.getByRole("button", { name: "CSV" }).waitFor();
        await checkLayout(page, width);
        await classify.locator(".many .open").first().click();
        await page.getByRole("dialog").waitFor();
        await checkLayout(page, width);
        await page.keyboard.press("Escape");

        await classify.getByLabel("Name of the set").fill(`set-of-${width}-${colorScheme}`.padEnd(64, "x"));
        await classify.getByRole("button", { name: "Store", exact: true }).click();
        await classify.getByRole("button", { name: "Delete… this label set" }).click();
        await checkDeletion(page, width);

        const compare = await openTab(page, "Compare");
        for (const name of ["Fox", "Giraffe", "Harp", "Police car", "Fox", "Giraffe"]) {
          await example(compare, name).click();
        }
        await compare.getByRole("listitem").nth(5).waitFor();
        await compare.getByLabel("What to compare them with").fill(`a picture of a fox\n${LONG_LABEL}`);
        await compare.getByRole("button", { name: "Compare", exact: true }).click();
        await compare.getByRole("table").waitFor();
        await checkLayout(page, width);
        const search = await openTab(page, "Search");
        await openFold(search, "Make a new store");
        await checkLayout(page, width);
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
        await checkLayout(page, width);
        await search.getByRole("button", { name: "Delete… this store" }).click();
        await checkDeletion(page, width);
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

/** Checks an open question before a deletion, and with a deletion that failed; then deletes. */
async function checkDeletion(page: Page, width: number): Promise<void> {
  const question = page.getByRole("alertdialog");
  await checkLayout(page, width);
  await page.context().setOffline(true);
  await question.getByRole("button", { name: "Delete" }).click();
  await question.getByText("The server cannot be reached").waitFor();
  await checkLayout(page, width);
  await page.context().setOffline(false);
  await question.getByRole("button", { name: "Delete" }).click();
  await page.getByText("is deleted.").filter({ visible: true }).waitFor();
}
