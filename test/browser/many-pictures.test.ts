/**
 * Many pictures at once in a browser: a table of their labels, what stops one or all of them, and files of the table.
 */
import { readFile } from "node:fs/promises";
import type { Locator, Page } from "playwright-core";
import { expect, it } from "vitest";
import { describeInBrowser } from "./support/describe-in-browser.ts";
import { type ChosenFile, noPicture, pictureFile } from "./support/files.ts";
import { announcement, openFold, openTab, winner } from "./support/parts.ts";
import { useSite } from "./support/use-site.ts";
import { visit } from "./support/visit.ts";

const NOTES = noPicture('notes, "my".txt');
const NAMES = ["fox", "giraffe", "harp"];

async function pictures(count: number): Promise<ChosenFile[]> {
  const files = Array.from({ length: count }, (_, index) => {
    const name = NAMES[index % NAMES.length] ?? "";
    return pictureFile(name, `${index}-${name}.png`);
  });
  return await Promise.all(files);
}

/** The cells of each row, the picture's name first. */
async function rows(panel: Locator): Promise<string[][]> {
  const all = await panel.locator(".many tbody tr").all();
  return await Promise.all(
    all.map(async (row) => await row.locator("th > span > :last-child, td").allInnerTexts()),
  );
}

async function saved(page: Page, button: string): Promise<string> {
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: button }).click();
  return await readFile(await (await downloading).path(), "utf8");
}

describeInBrowser("many pictures at once", () => {
  const site = useSite();

  it("are classified a few requests at a time, and saved", async () => {
    await visit(
      site.browser,
      site.workers.url,
      async (page) => {
        const panel = await openTab(page, "Classify");
        const asked: string[] = [];
        page.on("request", (request) => asked.push(request.url()));
        const chosen = [...(await pictures(20)), NOTES];
        await panel.locator("[data-file]").setInputFiles(chosen);
        await panel.getByRole("button", { name: "CSV" }).waitFor();
        expect(asked.filter((url) => url.endsWith("/v1/classify"))).toHaveLength(3);
        expect(await announcement(panel).textContent()).toBe("21 pictures, 1 refused");

        const shown = await rows(panel);
        expect(shown.map(([name]) => name)).toEqual(chosen.map(({ name }) => name));
        for (const [name = "", label = "", score] of shown.slice(0, 20)) {
          expect(name).toContain(label);
          expect(score).toMatch(/^\d+\.\d %$/);
        }
        expect(shown[20]?.[1]).toMatch(/^Not a picture in a supported format .*Save it as JPEG or PNG/);

        const csv = (await saved(page, "CSV")).trimEnd().split("\n");
        expect(csv).toHaveLength(22);
        expect(csv[0]).toBe("file,prediction,score,none_score,error");
        expect(csv[1]).toMatch(/^0-fox\.png,fox,0\.\d+,,$/);
        expect(csv[21]).toMatch(/^"notes, ""my""\.txt",,,,"?Not a picture/);
        const lines = (await saved(page, "JSON lines")).trimEnd().split("\n");
        const objects = lines.map((line) => JSON.parse(line));
        expect(objects).toHaveLength(21);
        expect(objects[1]).toMatchObject({ file: "1-giraffe.png", prediction: "giraffe" });
        expect(objects[1].predictions).toHaveLength(8);
        expect(Object.keys(objects[20])).toEqual(["file", "error"]);

        await panel.getByRole("button", { name: "giraffe" }).nth(1).click();
        const dialog = page.getByRole("dialog", { name: "1-giraffe.png" });
        expect(await dialog.locator(".bars tbody tr").count()).toBe(8);
        expect(await winner(page).textContent()).toBe("giraffe");
        await page.keyboard.press("Escape");
        expect(await dialog.count()).toBe(0);
      },
      { mayFail: false },
    );
  });

  it("have a column for none of the labels", async () => {
    await visit(site.browser, site.workers.url, async (page) => {
      const panel = await openTab(page, "Classify");
      await openFold(panel, "Settings");
      await panel.getByLabel("Maybe none of them fits").check();
      await panel.getByLabel("Advantage").fill("1000");
      await panel.locator("[data-file]").setInputFiles(await pictures(2));
      await panel.getByRole("button", { name: "CSV" }).waitFor();
      expect(await rows(panel)).toEqual([
        ["0-fox.png", "none of these", "", "100.0 %"],
        ["1-giraffe.png", "none of these", "", "100.0 %"],
      ]);
      expect(await saved(page, "CSV")).toMatch(/\n0-fox\.png,,,1,\n/);
      expect(await announcement(panel).textContent()).toBe("2 pictures, 2 without a label");
    });
  });

  it("can be stopped, and go on with the rest", async () => {
    await visit(
      site.browser,
      site.workers.url,
      async (page) => {
        const panel = await openTab(page, "Classify");
        let requests = 0;
        await page.route("**/v1/classify", async (route) => {
          if (requests++ === 0) await route.continue();
        });
        await panel.locator("[data-file]").setInputFiles(await pictures(20));
        await panel.getByText("8 of 20", { exact: true }).waitFor();
        await panel.getByRole("button", { name: "Stop" }).click();
        await panel.locator(".progress").getByText("8 of 20 pictures").waitFor();
        expect((await saved(page, "CSV")).match(/not classified/g)).toHaveLength(12);
        await page.unroute("**/v1/classify");
        const asked: unknown[] = [];
        page.on("request", (request) => asked.push(request.url()));
        await panel.getByRole("button", { name: "Go on" }).click();
        await panel.locator(".progress").getByText("20 pictures", { exact: true }).waitFor();
        expect(asked.filter((url) => String(url).endsWith("/v1/classify"))).toHaveLength(2);
        expect((await rows(panel)).every(([name = "", label = ""]) => name.includes(label))).toBe(true);
      },
      { mayFail: true },
    );
  });

  it("wait for a busy server, and keep their rows if it fails", async () => {
    await visit(
      site.browser,
      site.workers.url,
      async (page) => {
        const panel = await openTab(page, "Classify");
        const answers = [
          { status: 429, headers: { "retry-after": "1" } },
          { status: 500, headers: {} },
        ];
        await page.route("**/v1/classify", async (route) => {
          const answer = answers.shift();
          if (answer === undefined) await route.continue();
          else
            await route.fulfill({ ...answer, json: { error: { message: "no", code: null, param: null } } });
        });
        await panel.locator("[data-file]").setInputFiles(await pictures(4));
        await panel.getByText("the server is busy, waiting 1 s").waitFor();
        await panel.getByText("The server failed").waitFor();
        expect(await rows(panel)).toHaveLength(4);
        await panel.getByRole("button", { name: "Try again" }).click();
        await panel.locator(".progress").getByText("4 pictures", { exact: true }).waitFor();
        expect((await rows(panel))[3]?.[1]).toBe("fox");
      },
      { mayFail: true },
    );
  });

  it("say at once that a picture is too large", async () => {
    await visit(site.browser, site.workers.url, async (page) => {
      const panel = await openTab(page, "Classify");
      const large = { name: "large.png", mimeType: "image/png", buffer: Buffer.alloc(20_000_001) };
      await panel.locator("[data-file]").setInputFiles([large, ...(await pictures(1))]);
      await panel.getByRole("button", { name: "CSV" }).waitFor();
      const [first, second] = await rows(panel);
      expect(first?.[1]).toBe("The picture is larger than 20 MB. Make it smaller and choose it again.");
      expect(second?.[1]).toBe("fox");
    });
  });
});
