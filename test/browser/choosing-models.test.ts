/** Choosing a model in a browser: the page shows each model's accuracy and size, as the API states them. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { request } from "../support/send-request.ts";
import { buildSynthetic } from "../support/synthetic-model.ts";
import { startWorkers } from "../support/workers.ts";
import { describeInBrowser } from "./support/describe-in-browser.ts";
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
});
