/** "Try it out" in the reference, as a person uses it: nothing is typed, and a picture is chosen for a form. */
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { describeInBrowser } from "./support/describe-in-browser.ts";
import { EXAMPLES } from "./support/parts.ts";
import { useSite } from "./support/use-site.ts";

const FORM = "multipart/form-data";

/** Opens an operation, lets `fill` change what Swagger UI filled in, and sends the request. */
async function tryOut(
  page: Page,
  operation: string,
  fill: (body: ReturnType<Page["locator"]>) => Promise<void> = async () => {},
): Promise<{ status: number; answer: Record<string, unknown> }> {
  const block = page.locator(`[id$="-${operation}"]`);
  await block.locator(".opblock-summary").first().click();
  await block.getByRole("button", { name: "Try it out" }).click();
  await fill(block.locator(".opblock-section-request-body"));
  const answered = page.waitForResponse((response) => response.request().method() === "POST");
  await block.getByRole("button", { name: "Execute" }).click();
  const response = await answered;
  return { status: response.status(), answer: (await response.json()) as Record<string, unknown> };
}

describeInBrowser("the reference", () => {
  const site = useSite();

  it("sends the examples as they are, and a form with the chosen picture", async () => {
    const page = await site.browser.newPage();
    try {
      await page.goto(`${site.workers.url}/docs/`);
      const json = await tryOut(page, "classify");
      expect(json).toMatchObject({ status: 200, answer: { data: [{ prediction: "fox" }] } });
      for (const operation of ["embeddings", "rerank", "createLabelSet"]) {
        expect((await tryOut(page, operation)).status, operation).toBeLessThan(300);
      }
      await page.reload();
      for (const operation of ["classify", "similarity"]) {
        const { status, answer } = await tryOut(page, operation, async (body) => {
          await body.locator("select.content-type, .content-type").first().selectOption(FORM);
          await body.locator("input[type=file]").first().setInputFiles(join(EXAMPLES, "harp.png"));
        });
        expect(status, `${operation}: ${JSON.stringify(answer)}`).toBe(200);
      }
      const file = await tryOut(page, "createFile", async (body) => {
        await body.locator("input[type=file]").first().setInputFiles(join(EXAMPLES, "harp.png"));
      });
      expect(file).toMatchObject({ status: 200, answer: { purpose: "vision", filename: "harp.png" } });
    } finally {
      await page.close();
    }
  });
});
