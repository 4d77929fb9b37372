/** Comparing in a browser: several pictures with several texts, as a heat map. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { describeInBrowser } from "./support/describe-in-browser.ts";
import { announcement, example, EXAMPLES, openTab } from "./support/parts.ts";
import { useSite } from "./support/use-site.ts";
import { visit } from "./support/visit.ts";

describeInBrowser("the tab that compares", () => {
  const site = useSite();

  it("shows each picture's own text as its best, in color and figures", async () => {
    await visit(site.browser, site.workers.url, async (page) => {
      const panel = await openTab(page, "Compare");
      for (const name of ["Fox", "Giraffe", "Harp", "Police car"]) await example(panel, name).click();
      await panel.getByRole("listitem").nth(3).waitFor();
      const answered = page.waitForResponse(/similarity$/);
      await panel.getByRole("button", { name: "Compare", exact: true }).click();
      const body = (await (await answered).json()) as { data: { scores: { similarity: number }[] }[] };
      const rows = panel.getByRole("table").locator("tbody tr");
      await rows.nth(3).waitFor();
      expect(await panel.locator("tbody th").allInnerTexts()).toEqual(
        ["fox", "giraffe", "harp", "police car"].map((name) => `a picture of a ${name}`),
      );
      for (const [row, element] of (await rows.all()).entries()) {
        const cells = await element.locator("td").all();
        expect(cells).toHaveLength(4);
        for (const [column, cell] of cells.entries()) {
          const text = await cell.innerText();
          const { similarity = Number.NaN } = body.data[column]?.scores[row] ?? {};
          expect(text.replace("\u2212", "-")).toContain(similarity.toFixed(3));
          expect(text.includes("best for its picture")).toBe(row === column);
        }
      }
      const colors = await page.evaluate<string[]>(
        `[...document.querySelectorAll(".heat td")].map((cell) => getComputedStyle(cell).backgroundColor)`,
      );
      expect(new Set(colors).size).toBe(16);
      expect(await announcement(panel).textContent()).toContain("fox.png: a picture of a fox; ");
    });
  });

  it("takes several files at once, and can remove each", async () => {
    await visit(site.browser, site.workers.url, async (page) => {
      const panel = await openTab(page, "Compare");
      const choosing = page.waitForEvent("filechooser");
      await panel.getByRole("button", { name: "Choose pictures" }).click();
      await (
        await choosing
      ).setFiles(["tulip.png", "rocket.png", "dress.png"].map((name) => join(EXAMPLES, name)));
      await panel.getByRole("button", { name: "Remove rocket.png" }).click();
      expect(await panel.getByRole("listitem").count()).toBe(2);
      await panel.getByLabel("What to compare them with").fill("a picture of a dress\na picture of a tulip");
      await panel.getByRole("button", { name: "Compare", exact: true }).click();
      await panel.getByRole("table").waitFor();
      expect(await panel.locator("td.best").count()).toBe(2);
      expect(await panel.getByRole("columnheader", { name: "tulip.png" }).count()).toBe(1);
      expect(await announcement(panel).textContent()).toBe(
        "tulip.png: a picture of a tulip; dress.png: a picture of a dress",
      );
    });
  });

  it("ignores a picture that is pasted on the other tab", async () => {
    await visit(
      site.browser,
      site.workers.url,
      async (page) => {
        await page.evaluate(`(async () => {
          const picture = await (await fetch("/examples/fox.png")).blob();
          await navigator.clipboard.write([new ClipboardItem({ "image/png": picture })]);
        })()`);
        const panel = await openTab(page, "Compare");
        await page.keyboard.press("Control+V");
        await panel.getByRole("listitem").waitFor();
        await openTab(page, "Classify");
        expect(await page.locator("#classify .drop img").count()).toBe(0);
      },
      { permissions: ["clipboard-read", "clipboard-write"] },
    );
  });
});
