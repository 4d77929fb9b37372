/** Choosing a model in a browser: the page shows each model's accuracy and size, as the API states them. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { request } from "../support/send-request.ts";
import { buildSynthetic } from "../support/models/synthetic-model.ts";
import { startWorkers } from "../support/workers.ts";
import { describeInBrowser } from "./support/describe-in-browser.ts";
import { pictureFile } from "./support/files.ts";
import { example, openFold, openTab, winner } from "./support/parts.ts";
import { useSite } from "./support/use-site.ts";
import { visit } from "./support/visit.ts";

const VIT = "synthetic/vit_tiny";
const ACCURACY = 72.8;

describeInBrowser("the choice of a model", () => {
  let folder: string;

  const site = useSite(async () => {
    folder = await mkdtemp(join(tmpdir(), "edgeclip-choosing-"));
    const { out } = await buildSynthetic("vit_tiny", folder, { accuracy: ACCURACY });
    return await startWorkers({ otherModels: [out] });
  });

  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  it("is told accuracy and size by the API", async () => {
    const { body } = await request("GET", `${site.workers.url}/v1/models/${encodeURIComponent(VIT)}`);
    const { imagenet_zero_shot: accuracy, parameters, bytes, image_size: size } = body;
    expect([accuracy, parameters, size]).toEqual([ACCURACY, 3_468_481, 64]);
    // One byte for each parameter, plus what is not int8.
    expect(bytes).toBeGreaterThan(parameters);
    expect(bytes).toBeLessThan(1.2 * parameters);
  });

  it("shows them for the model that is chosen, which then answers", async () => {
    await visit(site.browser, site.workers.url, async (page) => {
      const note = page.locator("#model-hint");
      await page.getByText("it knows pictograms, not photographs").waitFor();
      await openFold(page, "Model and key");
      expect(await note.textContent()).toMatch(/^\d+ MB · 64 px$/);
      await page.getByLabel("Model", { exact: true }).selectOption(VIT);
      expect(await note.textContent()).toMatch(
        /^72\.8 % on ImageNet, zero-shot · 3 million parameters · 4 MB · 64 px$/,
      );
      const panel = await openTab(page, "Classify");
      await example(panel, "Fox").click();
      await winner(page).waitFor();
      expect(await panel.locator(".measurements").innerText()).toContain(VIT);
    });
  });

  it("may change while a label learns: all of its pictures are for the model that was chosen first", async () => {
    await visit(site.browser, site.workers.url, async (page) => {
      const model = page.getByLabel("Model", { exact: true });
      await page.getByText("it knows pictograms, not photographs").waitFor();
      await openFold(page, "Model and key");
      const first = await model.inputValue();
      const panel = await openTab(page, "Classify");
      await openFold(panel, "Teach labels");
      const asked: unknown[] = [];
      await page.route("**/v1/embeddings", async (route) => {
        asked.push(route.request().postDataJSON().model);
        await model.selectOption(VIT);
        await route.continue();
      });
      const files = [await pictureFile("fox"), await pictureFile("harp")];
      await panel.locator(".taught [type=file]").first().setInputFiles(files);
      await expect.poll(() => asked).toEqual([first, first]);
      expect(await panel.getByRole("button", { name: "fox 0 pictures" }).count()).toBe(1);
      await model.selectOption(first);
      await panel.getByRole("button", { name: "fox 2 pictures" }).waitFor();
    });
  });
});
