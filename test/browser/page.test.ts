/** The page at `/` in a real Chromium, on a deployment of the demonstration model in real workerd. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { request } from "../support/request.ts";
import { startWorkers, type Workers } from "../support/workers.ts";
import { hasChromium, openPage, startBrowser, type WatchedPage } from "./browser.ts";

const EXAMPLES = join(import.meta.dirname, "../../examples");

let browser: Browser;
let workers: Workers;

function winner(page: Page): Promise<string> {
  return page.locator(".winner").innerText();
}

function choose(page: Page, name: string): Promise<void> {
  return page.locator("#classify input[type=file]").setInputFiles(join(EXAMPLES, name));
}

/** What holds at the end of each test that expects no failed request. */
function expectClean({ complaints, origins }: WatchedPage): void {
  expect(complaints).toEqual([]);
  expect([...origins]).toEqual([workers.url]);
}

// Without a browser this says so, as skipped tests.
describe.skipIf(!hasChromium)("the page", () => {
  beforeAll(async () => {
    [browser, workers] = await Promise.all([startBrowser(), startWorkers()]);
    const labels = ["anchor", "trophy", "tulip"];
    await request("POST", `${workers.url}/v1/label_sets`, { name: "things", labels });
  });

  afterAll(async () => {
    await browser?.close();
    await workers?.dispose();
  });

  it("classifies a chosen file, and tells what it took", async () => {
    const watched = await openPage(browser, workers.url);
    const { page } = watched;
    await choose(page, "fox.png");
    expect(await winner(page)).toMatch(/^fox 9\d\.\d %$/);
    expect(await page.locator(".bars li").count()).toBe(6);
    expect(await page.locator(".bars li").first().innerText()).toMatch(
      /^fox\s+similarity 0\.\d{3}\s+9\d\.\d %$/,
    );
    // They grow for a third of a second.
    await page.waitForTimeout(400);
    const [first = 0, ...others] = await page
      .locator(".track div")
      .evaluateAll((fills) => fills.map((fill) => fill.clientWidth / (fill.parentElement?.clientWidth ?? 1)));
    expect(first).toBeGreaterThan(0.9);
    expect(Math.max(...others)).toBeLessThan(0.1);
    const facts = await page.locator("#classify .facts").innerText();
    expect(facts).toMatch(/image tower\s+\d+ ms/);
    expect(facts).toMatch(/tokens from cache\s+0 of \d+/);
    await page.locator("#classify .go").click();
    await page.getByText(/tokens from cache\s*(\d+) of \1/).waitFor();
    expectClean(watched);
  });

  it("classifies what is pasted: a picture, and a link to one", async () => {
    const watched = await openPage(browser, workers.url);
    const { page } = watched;
    const base64 = (await readFile(join(EXAMPLES, "grapes.png"))).toString("base64");
    await page.evaluate(async (data) => {
      const blob = await (await fetch(`data:image/png;base64,${data}`).catch(() => undefined))?.blob();
      const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
      const png = blob ?? new Blob([bytes], { type: "image/png" });
      await navigator.clipboard.write([new ClipboardItem({ "image/png": png })]);
    }, base64);
    await page.locator("h1").click();
    await page.keyboard.press("Control+V");
    expect(await winner(page)).toMatch(/^grapes \d/);
    await page.evaluate(() => navigator.clipboard.writeText("https://127.0.0.1/picture.png"));
    await page.keyboard.press("Control+V");
    // The server follows links, and not to itself.
    await page.locator(".error").waitFor();
    expect(await page.locator(".error").innerText()).toMatch(/^Images\[0\]/i);
    expect([...watched.origins]).toEqual([workers.url]);
  });

  it("says in words what went wrong, and recovers", async () => {
    const { page } = await openPage(browser, workers.url);
    await page.locator("#classify .go").click();
    expect(await page.locator(".error").innerText()).toBe("Choose a picture first.");
    await page.locator("#classify input[type=file]").setInputFiles({
      name: "notes.png",
      mimeType: "image/png",
      buffer: Buffer.from("no picture at all"),
    });
    await page.getByText(/images\[0\]/i).waitFor();
    await choose(page, "fox.png");
    expect(await winner(page)).toMatch(/^fox/);
    await page.locator("#labels").fill("fox\nfox");
    await page.locator("#classify .go").click();
    await page.getByText(/^Labels/).waitFor();
    await page.context().setOffline(true);
    await page.locator("#classify .go").click();
    await page.getByText("Nothing answers. Are you online, and is the service running?").waitFor();
    await page.context().setOffline(false);
    await page.locator("#labels").fill("fox, harp");
    await page.locator("#classify .go").click();
    expect(await winner(page)).toMatch(/^fox/);
  });

  it("works by keyboard alone", async () => {
    const watched = await openPage(browser, workers.url);
    const { page } = watched;
    const focused = (): Promise<string> =>
      page.evaluate(() => document.activeElement?.id || (document.activeElement?.textContent ?? ""));
    const title = (): Promise<string> =>
      page.evaluate(() => (document.activeElement as HTMLElement | null)?.title ?? "");
    const tabTo = async (reached: () => Promise<boolean>): Promise<void> => {
      for (let presses = 0; presses < 40; presses++) {
        if (await reached()) return;
        await page.keyboard.press("Tab");
      }
      throw new Error(`not reached; the focus is on ${await focused()}`);
    };
    await tabTo(async () => (await focused()) === "classify-tab");
    await page.keyboard.press("ArrowRight");
    expect(await page.locator("#compare").isVisible()).toBe(true);
    await page.keyboard.press("ArrowLeft");
    await tabTo(async () => (await title()) === "police car");
    await page.keyboard.press("Enter");
    expect(await winner(page)).toMatch(/^police car/);
    await tabTo(async () => (await focused()) === "labels");
    await page.keyboard.press("Control+A");
    await page.keyboard.type("harp\nmoon");
    await tabTo(async () => (await focused()).trim() === "Classify");
    await page.keyboard.press("Enter");
    await page.locator(".bars li").nth(1).waitFor();
    await expect.poll(() => page.locator(".bars li").count()).toBe(2);
    expectClean(watched);
  });

  it("classifies with a stored set and with templates", async () => {
    const watched = await openPage(browser, workers.url);
    const { page } = watched;
    await page.locator("#label-set").selectOption({ label: "things, 3 labels" });
    await choose(page, "trophy.png");
    expect(await winner(page)).toMatch(/^trophy/);
    expect(await page.locator("#labels").isDisabled()).toBe(true);
    await page.locator("#label-set").selectOption("");
    await page.locator("#labels").fill("trophy, harp");
    await page.locator("#templates").selectOption("own");
    await page.locator("#own-template").fill("a picture of {}");
    await page.locator("#classify .go").click();
    await expect.poll(() => page.locator(".bars li").count()).toBe(2);
    expect(await winner(page)).toMatch(/^trophy/);
    await page.locator("#own-template").fill("no place for a label");
    await page.locator("#classify .go").click();
    await page.getByText(/\{\}/).and(page.locator(".error")).waitFor();
    expect(watched.complaints.every((each) => each.includes("400"))).toBe(true);
  });

  it("compares pictures and texts", async () => {
    const watched = await openPage(browser, workers.url);
    const { page } = watched;
    await page.locator("#compare-tab").click();
    const names = ["fox", "harp", "grapes", "rocket"];
    await page
      .locator("#compare input[type=file]")
      .setInputFiles(names.map((name) => join(EXAMPLES, `${name}.png`)));
    await page.locator("#compare .go").click();
    await page.locator(".heat").waitFor();
    const best = await page
      .locator(".heat tbody tr")
      .evaluateAll((rows) =>
        rows.map((row) => [...row.querySelectorAll("td")].map((cell) => cell.classList.contains("best"))),
      );
    expect(best).toEqual(names.map((_, row) => names.map((_name, column) => row === column)));
    expectClean(watched);
  });

  it("gives a curl that does the same", async () => {
    const { page } = await openPage(browser, workers.url);
    await choose(page, "fox.png");
    await page.locator("#classify summary").click();
    const code = page.locator("#classify pre code");
    const { stdout } = await promisify(execFile)("bash", ["-c", await code.innerText()], { cwd: EXAMPLES });
    expect((JSON.parse(stdout) as { data: { prediction: string }[] }).data[0]?.prediction).toBe("fox");
    for (const language of ["JavaScript", "Python"]) {
      await page.locator("#classify .snippet-bar select").selectOption(language);
      expect(await code.innerText()).toContain(`${workers.url}/v1/classify`);
    }
  });

  for (const [width, colorScheme] of [
    [375, "dark"],
    [375, "light"],
    [1280, "light"],
    [1280, "dark"],
  ] as const) {
    it(`is accessible and fits, ${width} pixels wide, ${colorScheme}`, async () => {
      const watched = await openPage(browser, workers.url, { width, colorScheme });
      const { page } = watched;
      await choose(page, "fox.png");
      await page.locator(".winner").waitFor();
      await expect
        .poll(() =>
          page.locator(".winner").evaluate((shown) => {
            const { top, bottom } = shown.getBoundingClientRect();
            return top >= 0 && bottom <= innerHeight;
          }),
        )
        .toBe(true);
      await page.locator("#classify summary").click();
      await page.waitForTimeout(400);
      await page.evaluate(axe.source);
      for (const tab of ["classify", "compare"]) {
        await page.locator(`#${tab}-tab`).click();
        if (tab === "compare") {
          await page.locator("#compare input[type=file]").setInputFiles(join(EXAMPLES, "harp.png"));
          await page.locator("#compare .go").click();
          await page.locator(".heat").waitFor();
        }
        const { violations } = await page.evaluate(() =>
          (window as unknown as { axe: typeof axe }).axe.run(),
        );
        expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
        const overflow = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        expect(overflow).toBe(0);
      }
      expectClean(watched);
    });
  }
});

describe.skipIf(!hasChromium)("the page of a deployment with keys", () => {
  it("asks for the key, keeps it for the session alone, and goes on", async () => {
    const guarded = await startWorkers({ access: "keys" });
    const other = await startBrowser();
    try {
      const { newKey, keyPath } = await import("../../functions/gateway/access/api-key.ts");
      const { newRecord } = await import("../../scripts/keys/new-record.ts");
      const key = newKey();
      const path = await keyPath(key);
      const about = { account: "a", name: "", tier: "standard", lifetime: null, operator: false } as const;
      const store = await guarded.miniflare.getKVNamespace("KEYS", "edgeclip");
      await store.put(path, JSON.stringify(newRecord(path, about)));

      const context = await other.newContext();
      const page = await context.newPage();
      await page.goto(guarded.url);
      await page.getByText(/The API key does not fit/).waitFor();
      await page.locator("#key").fill(key);
      await page.locator("#key").blur();
      await page.locator("#model option").first().waitFor({ state: "attached" });
      await page.locator("#classify input[type=file]").setInputFiles(join(EXAMPLES, "fox.png"));
      expect(await page.locator(".winner").innerText()).toMatch(/^fox/);
      const kept = await page.evaluate(() => [
        Object.values(sessionStorage),
        Object.values(localStorage),
        document.cookie,
      ]);
      expect(kept).toEqual([[key], [], ""]);
      await page.locator("#key").fill("sk-wrong");
      await page.locator("#classify .go").click();
      await page
        .locator("#classify .error")
        .getByText(/The API key does not fit/)
        .waitFor();
    } finally {
      await other.close();
      await guarded.dispose();
    }
  });
});
