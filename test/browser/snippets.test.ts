/** The snippets on the page do the same as the page: each is run unchanged. */
import { execFile } from "node:child_process";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeInBrowser } from "./support/describe-in-browser.ts";
import { example, EXAMPLES, openFold, openTab, winner } from "./support/parts.ts";
import { useSite } from "./support/use-site.ts";
import { visit } from "./support/visit.ts";

const execute = promisify(execFile);
/** A name and labels with all characters that are special to shells, curl and JSON. */
const AWKWARD_NAME = `it's a "fox"; a,b $HOME.png`;
const AWKWARD_LABELS = `it's a "fox"; type=text/html\n@bus\n<rabbit> $HOME \\ \`id\``;

const hasRequests = await execute("python3", ["-c", "import requests"]).then(
  () => true,
  () => false,
);
const LANGUAGES = [
  { language: "curl", command: "bash", isThere: true },
  { language: "JavaScript", command: process.execPath, isThere: true },
  { language: "Python", command: "python3", isThere: hasRequests },
];
const NOT_THERE = "because Python with the library requests is not installed";

/** The visible snippet, in one language. */
async function program(page: Page, language: string): Promise<string> {
  await page.getByRole("tab", { name: language, exact: true }).click();
  return await page.getByRole("tabpanel", { name: language }).innerText();
}

/** The score in the API's answer to the page, with all digits. Every language prints them in the same way. */
async function scoreOf(page: Page, act: () => Promise<void>): Promise<string> {
  const answered = page.waitForResponse(/classify$/);
  await act();
  const { data } = (await (await answered).json()) as { data: { score: number }[] };
  await winner(page).waitFor();
  return String(data[0]?.score);
}

describeInBrowser("programs", () => {
  let folder: string;

  const site = useSite();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "edgeclip-snippets-"));
  });

  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  /** @returns the output */
  const run = async (command: string, text: string): Promise<string> => {
    const file = join(folder, "program.mjs");
    await writeFile(file, text);
    const env = { ...process.env, EDGECLIP_API_KEY: "sk-secret" };
    const { stdout } = await execute(command, [file], { cwd: folder, env });
    return stdout;
  };

  it("curl gets the example and the page's own answer", async () => {
    await visit(site.browser, site.workers.url, async (page) => {
      await example(await openTab(page, "Classify"), "Police car").click();
      await winner(page).waitFor();
      const { data } = JSON.parse(await run("bash", await program(page, "curl")));
      expect(data[0].prediction).toBe(await winner(page).innerText());
      const bars = await page.locator(".bars tbody tr").allInnerTexts();
      expect(bars.map((bar) => bar.split(/[\t\n]+/)[0])).toEqual(
        data[0].predictions.map(({ label }: { label: string }) => label),
      );
      const downloaded = await readFile(join(folder, "police-car.png"));
      expect(downloaded).toEqual(await readFile(join(EXAMPLES, "police-car.png")));
    });
  });

  it.for(LANGUAGES)(
    "$language handles awkward names and labels",
    async ({ language, command, isThere }, { skip }) => {
      skip(!isThere, NOT_THERE);
      const file = join(folder, AWKWARD_NAME);
      await copyFile(join(EXAMPLES, "fox.png"), file);
      await visit(site.browser, site.workers.url, async (page) => {
        const panel = await openTab(page, "Classify");
        await panel.getByLabel("What it could be").fill(AWKWARD_LABELS);
        const score = await scoreOf(page, () => panel.locator("[data-file]").setInputFiles(file));
        expect(await run(command, await program(page, language))).toContain(score);
      });
    },
  );

  it.for(LANGUAGES)(
    "$language sends a link as JSON, and takes the key from a variable",
    async ({ language, command, isThere }, { skip }) => {
      skip(!isThere, NOT_THERE);
      await visit(site.browser, site.workers.url, async (page) => {
        await openFold(page, "Model and key");
        const key = page.getByLabel("API key", { exact: true });
        await key.fill("sk-secret");
        await key.press("Tab");
        const panel = await openTab(page, "Classify");
        // A boolean, which Python writes in its own way.
        await openFold(panel, "Settings");
        await panel.getByLabel("Several labels may fit").check();
        const fox = (await readFile(join(EXAMPLES, "fox.png"))).toString("base64");
        await panel.getByLabel("Link to a picture").fill(`data:image/png;base64,${fox}`);
        const score = await scoreOf(page, () => panel.getByRole("button", { name: "Use" }).click());
        const text = await program(page, language);
        expect(text).toContain("EDGECLIP_API_KEY");
        expect(text).not.toContain("sk-secret");
        expect(await run(command, text)).toContain(score);
      });
    },
  );

  it("a comparison, copied by the button", async () => {
    await visit(
      site.browser,
      site.workers.url,
      async (page) => {
        const panel = await openTab(page, "Compare");
        for (const name of ["Fox", "Harp"]) await example(panel, name).click();
        await panel.getByRole("listitem").nth(1).waitFor();
        await panel.getByRole("button", { name: "Compare", exact: true }).click();
        await panel.getByRole("table").waitFor();
        await panel.getByRole("button", { name: "Copy", exact: true }).click();
        await panel.getByRole("button", { name: "Copied" }).waitFor();
        const copied = await page.evaluate<string>("navigator.clipboard.readText()");
        const { data } = JSON.parse(await run("bash", copied));
        expect(data.map(({ scores }: { scores: object[] }) => scores.length)).toEqual([4, 4]);
        const first = await panel.getByRole("table").locator("td span").first().innerText();
        expect(data[0].scores[0].similarity.toFixed(3)).toBe(first.replace("\u2212", "-"));
      },
      { permissions: ["clipboard-read", "clipboard-write"] },
    );
  });
});
