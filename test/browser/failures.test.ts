/** The page's messages for real failures, and that the page works again afterwards. */
import type { Locator, Page } from "playwright-core";
import { expect, it } from "vitest";
import { putModel } from "../../scripts/models/models-in-r2.ts";
import { behindSlowR2, SLOW_R2, changeSlowR2 } from "../support/faulty/slow-r2.ts";
import { DEMO_MODEL, startWorkers, type Workers } from "../support/workers.ts";
import { describeInBrowser } from "./support/describe-in-browser.ts";
import { example, openTab, winner } from "./support/parts.ts";
import { useSite } from "./support/use-site.ts";
import { visit } from "./support/visit.ts";

const NOT_A_PICTURE = { name: "notes.png", mimeType: "image/png", buffer: Buffer.from("no picture at all") };

/** Where a panel shows the failure of its request. */
function alert(panel: Locator): Locator {
  return panel.getByRole("alert").locator(".problem");
}

async function deleteModel({ models }: Workers, isFile: (key: string) => boolean): Promise<void> {
  const { objects } = await models.list();
  const keys = objects.map(({ key }) => key).filter(isFile);
  expect(keys).not.toEqual([]);
  await models.delete(keys);
}

describeInBrowser("failure messages", () => {
  const site = useSite();

  const failing = async (use: (page: Page) => Promise<void>, url = site.workers.url): Promise<void> =>
    await visit(site.browser, url, use, { mayFail: true });

  it("a file that is no picture: what the server says, and the field", async () => {
    await failing(async (page) => {
      const panel = await openTab(page, "Classify");
      await panel.locator("[data-file]").setInputFiles(NOT_A_PICTURE);
      await alert(panel).waitFor();
      expect(await alert(panel).innerText()).toMatch(
        /^notes\.png was refused\n+Not a picture [^]*Field images\[0\]/,
      );
      expect(await panel.getByRole("button", { name: "Try again" }).count()).toBe(0);
      // The page shows the file's name, because the browser cannot show the file.
      expect(await panel.locator(".drop .placeholder").innerText()).toBe("file");
      await example(panel, "Fox").click();
      await winner(page).waitFor();
      expect(await alert(panel).count()).toBe(0);
    });
  });

  it("a file that is no picture, for a label to learn from", async () => {
    await failing(async (page) => {
      const panel = await openTab(page, "Classify");
      await panel.getByText("Teach labels by pictures").click();
      await panel.locator(".taught [type=file]").first().setInputFiles(NOT_A_PICTURE);
      await panel
        .getByRole("alert")
        .filter({ hasText: /picture|image/ })
        .waitFor();
      expect(await panel.getByRole("button", { name: "fox 0 pictures" }).count()).toBe(1);
      await example(panel, "Fox").click();
      await winner(page).waitFor();
    });
  });

  it("two equal labels: the field of the second one", async () => {
    await failing(async (page) => {
      const panel = await openTab(page, "Classify");
      await panel.getByLabel("What it could be").fill("fox\nbus\nFox");
      await example(panel, "Fox").click();
      await alert(panel).waitFor();
      const words = await alert(panel).innerText();
      expect(words).toContain("The request was refused");
      expect(words).toContain('"Fox" is the same label as label 1. Take one of them away.');
      expect(words).toContain("Field labels[2]");
      await panel.getByLabel("What it could be").fill("fox\nbus");
      await panel.getByRole("button", { name: "Classify" }).click();
      await winner(page).waitFor();
    });
  });

  it("no connection", async () => {
    await failing(async (page) => {
      const panel = await openTab(page, "Classify");
      await example(panel, "Fox").click();
      await winner(page).waitFor();
      await page.context().setOffline(true);
      await panel.getByRole("button", { name: "Classify" }).click();
      await alert(panel).waitFor();
      expect(await alert(panel).innerText()).toContain("The server cannot be reached");
      // An old answer must not remain: it could be taken for the new one.
      expect(await winner(page).count()).toBe(0);
      await page.context().setOffline(false);
      await panel.getByRole("button", { name: "Try again" }).click();
      await winner(page).waitFor();
      expect(await alert(panel).count()).toBe(0);
    });
  });

  it.each([
    [200, "{}"],
    [200, "null"],
    [200, "[]"],
    [200, '{"data":[{"predictions":[{}]}],"usage":{},"model":"a","revision":"b"}'],
    [200, "<!doctype html><title>Sign in</title>"],
    [502, '{"error":{"message":{"text":"no upstream"}}}'],
  ])("a %i from a server other than the API: %s", async (status, body) => {
    await failing(async (page) => {
      const panel = await openTab(page, "Classify");
      const contentType = body.startsWith("<") ? "text/html" : "application/json";
      await page.route("**/v1/classify", (route) => route.fulfill({ status, body, contentType }));
      await example(panel, "Fox").click();
      await alert(panel).waitFor();
      expect(await alert(panel).innerText()).toContain("answered in its place");
      expect(await page.locator("[aria-busy]").count()).toBe(0);
      await page.unroute("**/v1/classify");
      await panel.getByRole("button", { name: "Try again" }).click();
      await winner(page).waitFor();
    });
  });

  it("a list of models in another format", async () => {
    await failing(async (page) => {
      const said = page.getByRole("form", { name: "Connection" }).getByRole("alert");
      await page.route("**/v1/models", (route) => route.fulfill({ status: 200, json: { models: [] } }));
      await page.reload();
      await said.getByText("This is not the API's answer").waitFor();
      await page.unroute("**/v1/models");
      await said.getByRole("button", { name: "Try again" }).click();
      await page.getByRole("option", { name: "edgeclip/demo" }).waitFor({ state: "attached" });
      expect(await said.innerText()).toBe("");
    });
  });

  it("an example that cannot be loaded", async () => {
    await failing(async (page) => {
      const panel = await openTab(page, "Classify");
      await page.context().setOffline(true);
      await example(panel, "Harp").click();
      const said = panel.getByText("The example harp.png cannot be loaded; try again.");
      await said.waitFor();
      await page.context().setOffline(false);
      await example(panel, "Harp").click();
      await winner(page).waitFor();
      expect(await said.count()).toBe(0);
    });
  });

  it("a model that is not in R2", async () => {
    const fresh = await startWorkers();
    try {
      await deleteModel(fresh, () => true);
      await failing(async (page) => {
        const said = page.getByRole("form", { name: "Connection" }).getByRole("alert");
        await said.getByText("The server is busy or not ready").waitFor();
        expect(await said.innerText()).toMatch(/Try again in 2 seconds\./);
        await putModel(fresh.models, DEMO_MODEL);
        await said.getByRole("button", { name: "Try again" }).click();
        await page.getByRole("option", { name: "edgeclip/demo" }).waitFor({ state: "attached" });
        expect(await said.innerText()).toBe("");
        // Next without the image tower, which the gateway does not know yet.
        await deleteModel(fresh, (key) => key.includes("/image-"));
        const panel = await openTab(page, "Classify");
        await example(panel, "Fox").click();
        await alert(panel).waitFor();
        expect(await alert(panel).innerText()).toContain("Code model_unavailable");
        await deleteModel(fresh, (key) => key.endsWith("/manifest.json"));
        await putModel(fresh.models, DEMO_MODEL);
        await panel.getByRole("button", { name: "Try again" }).click();
        await winner(page).waitFor();
      }, fresh.url);
    } finally {
      await fresh.dispose();
    }
  });

  it("a request that takes long is cancelled by a newer one", async () => {
    const slow = await startWorkers({
      change: (name, options) => (name === "edgeclip-vision" ? behindSlowR2(options) : options),
      add: [SLOW_R2],
    });
    try {
      await changeSlowR2(slow, { latency: 1500 });
      await failing(async (page) => {
        const panel = await openTab(page, "Classify");
        const first = page.waitForRequest(/classify$/);
        await example(panel, "Fox").click();
        await first;
        const cancelled = page.waitForEvent("requestfailed");
        await example(panel, "Giraffe").click();
        const failed = await cancelled;
        expect(failed).toBe(await first);
        expect(failed.failure()?.errorText).toBe("net::ERR_ABORTED");
        await winner(page).waitFor();
        expect(await winner(page).textContent()).toBe("giraffe");
        expect(await alert(panel).count()).toBe(0);
      }, slow.url);
    } finally {
      await slow.dispose();
    }
  });
});
