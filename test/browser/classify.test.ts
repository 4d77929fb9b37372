/** Classifying in a browser: every way to add a picture, both kinds of labels, and the result that is shown. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { type PictureServer, startPictureServer } from "../support/picture-server.ts";
import { post } from "../support/post.ts";
import { startWorkers } from "../support/workers.ts";
import { describeInBrowser } from "./support/describe-in-browser.ts";
import { announcement, example, EXAMPLES, openFold, openTab, winner } from "./support/parts.ts";
import { useSite } from "./support/use-site.ts";
import { visit } from "./support/visit.ts";

describeInBrowser("the tab that classifies", () => {
  let pictures: PictureServer;

  const site = useSite(async () => {
    pictures = await startPictureServer(await readFile(join(EXAMPLES, "harp.png")));
    return await startWorkers({
      change: (name, options) =>
        name === "edgeclip"
          ? { ...options, bindings: { ...options.bindings, IMAGE_URL_ALLOWLIST: pictures.host } }
          : options,
    });
  });

  afterAll(async () => {
    await pictures.close();
  });

  it("takes an example, at once, and shows bars, times and caches", async () => {
    await visit(site.browser, site.workers.url, async (page) => {
      const panel = await openTab(page, "Classify");
      await example(panel, "Fox").click();
      await winner(page).waitFor();
      expect(await winner(page).textContent()).toBe("fox");
      expect(await announcement(panel).textContent()).toMatch(/^fox, \d+\.\d %$/);
      const rows = await panel.locator(".bars tbody tr").all();
      expect(rows).toHaveLength(8);
      const shares = await Promise.all(rows.map(async (row) => await row.locator("td").first().innerText()));
      expect(shares).toEqual(shares.toSorted((a, b) => Number.parseFloat(b) - Number.parseFloat(a)));
      // The bar's length must match the probability.
      const lengths = await panel
        .locator(".bar")
        .evaluateAll((bars) =>
          bars.map((bar) => Number((bar as unknown as { style: CSSLike }).style.getPropertyValue("--share"))),
        );
      expect(lengths.map((length) => `${(100 * length).toFixed(1)} %`)).toEqual(shares);
      const measured = await panel.locator(".measurements").innerText();
      for (const name of ["Decoding", "Image model", "Server, total", "Browser, total"]) {
        expect(measured).toMatch(new RegExp(`${name}\\s+[\\d.]+ m?s`));
      }
      await example(panel, "Giraffe").click();
      await page.getByText("giraffe.png").first().waitFor();
      await panel.locator(".winner", { hasText: "giraffe" }).waitFor();
      // The tokens for the same labels were computed for the fox, so they are cached.
      expect(await panel.locator(".measurements").innerText()).toMatch(/Tokens of texts\s+(\d+) of \1\b/);
    });
  });

  it("takes a file, which is shown", async () => {
    await visit(site.browser, site.workers.url, async (page) => {
      const panel = await openTab(page, "Classify");
      const choosing = page.waitForEvent("filechooser");
      await panel.getByRole("button", { name: "Choose pictures" }).click();
      await (await choosing).setFiles(join(EXAMPLES, "police-car.png"));
      await winner(page).waitFor();
      expect(await winner(page).textContent()).toBe("police car");
      expect(
        await panel.locator(".drop img").evaluate((image) => (image as unknown as ImageLike).naturalWidth),
      ).toBe(64);
    });
  });

  it("takes a picture from the clipboard", async () => {
    await visit(
      site.browser,
      site.workers.url,
      async (page) => {
        await page.evaluate(`(async () => {
          const picture = await (await fetch("/examples/giraffe.png")).blob();
          await navigator.clipboard.write([new ClipboardItem({ "image/png": picture })]);
        })()`);
        // A picture is pasted the same wherever the caret is.
        await page.getByLabel("What it could be").focus();
        await page.keyboard.press("Control+V");
        await winner(page).waitFor();
        expect(await winner(page).textContent()).toBe("giraffe");
      },
      { permissions: ["clipboard-read", "clipboard-write"] },
    );
  });

  it("takes a dropped file", async () => {
    await visit(site.browser, site.workers.url, async (page) => {
      const dataTransfer = await page.evaluateHandle(`(async () => {
        const picture = await (await fetch("/examples/fox.png")).blob();
        const transfer = new DataTransfer();
        transfer.items.add(new File([picture], "dropped.png", { type: "image/png" }));
        return transfer;
      })()`);
      await page.locator("#classify .drop").dispatchEvent("drop", { dataTransfer });
      await winner(page).waitFor();
      expect(await winner(page).textContent()).toBe("fox");
      expect(await page.locator("#classify .drop").innerText()).toContain("dropped.png");
    });
  });

  it("takes a link, typed or pasted, which the server follows and the browser does not", async () => {
    const link = `http://${pictures.host}/picture`;
    await visit(
      site.browser,
      site.workers.url,
      async (page) => {
        const panel = await openTab(page, "Classify");
        await panel.getByLabel("Link to a picture").fill(link);
        await panel.getByRole("button", { name: "Use" }).click();
        await winner(page).waitFor();
        expect(await winner(page).textContent()).toBe("harp");
        expect(await panel.locator(".drop").innerText()).toContain(link);
        expect(await panel.locator(".drop img").count()).toBe(0);
        expect(await panel.locator(".measurements").innerText()).toContain("Following links");
        await page.reload();
        await page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(link)})`);
        await page.locator("#classify .drop").focus();
        await page.keyboard.press("Control+V");
        await winner(page).waitFor();
        expect(await winner(page).textContent()).toBe("harp");
      },
      { permissions: ["clipboard-read", "clipboard-write"] },
    );
    expect(pictures.requests).toEqual(["/picture", "/picture"]);
  });

  it("uses the templates that are chosen", async () => {
    await visit(site.browser, site.workers.url, async (page) => {
      const panel = await openTab(page, "Classify");
      await panel.getByLabel("What it could be").fill("fox\nbus");
      await example(panel, "Fox").click();
      await winner(page).waitFor();
      const figures = new Set<string>([await panel.locator(".bars").innerText()]);
      await openFold(panel, "Settings");
      const choose = async (templates: string): Promise<void> => {
        await panel.getByLabel("Templates", { exact: true }).selectOption(templates);
        if (templates === "own")
          await panel.getByLabel("Your templates").fill("a picture of {}\nan icon of {}");
        const answered = page.waitForResponse(/classify$/);
        await panel.getByRole("button", { name: "Classify" }).click();
        const response = await answered;
        expect(response.status(), templates).toBe(200);
        await panel.locator("[data-outcome]:not([aria-busy])").waitFor();
        figures.add(await panel.locator(".bars").innerText());
      };
      for (const templates of ["openai-7", "openai-80", "none", "own"]) await choose(templates);
      expect(figures.size).toBe(5);
    });
  });

  it("teaches a label by pictures that are dropped onto it, or chosen", async () => {
    await visit(site.browser, site.workers.url, async (page) => {
      const panel = await openTab(page, "Classify");
      await panel.getByLabel("What it could be").fill("giraffe\nwidget");
      await example(panel, "Giraffe").click();
      await winner(page).waitFor();
      const shareOf = async (): Promise<number> =>
        Number.parseFloat(
          await panel.locator(".bars tr", { hasText: "widget" }).locator("td").first().innerText(),
        );
      const untaught = await shareOf();
      await panel.getByText("Teach labels by pictures").click();
      const list = panel.getByRole("list", { name: "Labels to teach" });
      expect(await list.getByRole("listitem").count()).toBe(2);
      const dataTransfer = await page.evaluateHandle(`(async () => {
        const picture = await (await fetch("/examples/giraffe.png")).blob();
        const transfer = new DataTransfer();
        transfer.items.add(new File([picture], "one.png", { type: "image/png" }));
        return transfer;
      })()`);
      await list.getByRole("button", { name: "widget 0 pictures" }).dispatchEvent("drop", { dataTransfer });
      const taught = list.getByRole("button", { name: "widget 1 picture" });
      await taught.waitFor();
      await expect.poll(shareOf).toBeGreaterThan(untaught);
      expect(await panel.getByRole("tabpanel", { name: "curl" }).innerText()).toContain('"examples":[');
      const choosing = page.waitForEvent("filechooser");
      await taught.click();
      await (await choosing).setFiles(join(EXAMPLES, "harp.png"));
      await list.getByRole("button", { name: "widget 2 pictures" }).waitFor();
      await list.getByRole("button", { name: "Forget the pictures of widget" }).press("Enter");
      await list.getByRole("button", { name: "widget 0 pictures" }).waitFor();
      await expect.poll(shareOf).toBe(untaught);
    });
  });

  it("uses a stored label set, by its name", async () => {
    const labels = ["guitar", "harp", "trumpet"];
    await post(`${site.workers.url}/v1/label_sets`, { name: "instruments", labels });
    await visit(site.browser, site.workers.url, async (page) => {
      const panel = await openTab(page, "Classify");
      const option = panel.getByRole("option", { name: "instruments (3 labels)" });
      await option.waitFor({ state: "attached" });
      await panel.getByLabel("Stored label set").selectOption("instruments");
      expect(await panel.getByLabel("What it could be").isDisabled()).toBe(true);
      await example(panel, "Harp").click();
      await winner(page).waitFor();
      expect(await winner(page).textContent()).toBe("harp");
      expect(await panel.getByRole("tabpanel", { name: "curl" }).innerText()).toContain(
        "label_set=instruments",
      );
      expect(await panel.locator(".bars tbody th").allInnerTexts()).toHaveLength(labels.length);
    });
  });

  it("is offered the deployment's model, and names it", async () => {
    await visit(site.browser, site.workers.url, async (page) => {
      await page.getByRole("option", { name: "edgeclip/demo" }).waitFor({ state: "attached" });
      expect(await page.getByLabel("Model").inputValue()).toBe("edgeclip/demo");
      await example(await openTab(page, "Classify"), "Fox").click();
      await page.getByRole("tabpanel", { name: "curl" }).getByText("model=edgeclip/demo").waitFor();
      await page.locator(".measurements", { hasText: site.workers.prefix.split("/")[1] ?? "" }).waitFor();
    });
  });
});

/** The properties of page elements that the tests read. Without this, their types would be those of Workers. */
interface CSSLike {
  getPropertyValue(name: string): string;
}

interface ImageLike {
  naturalWidth: number;
}
