/** The page on deployments with keys: the key, where it is stored, and rate limits. */
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { newKey } from "../../functions/gateway/keys/api-key.ts";
import { addKey } from "../support/add-key.ts";
import { startWorkers, type Workers } from "../support/workers.ts";
import { describeInBrowser } from "./support/describe-in-browser.ts";
import { example, openFold, openTab, winner } from "./support/parts.ts";
import { useSite } from "./support/use-site.ts";
import { visit } from "./support/visit.ts";

async function keyOf({ miniflare }: Workers): Promise<string> {
  return (await addKey(await miniflare.getKVNamespace("KEYS", "edgeclip"), "acme")).key;
}

/** Everything that a page can store, as text. */
async function kept(page: Page): Promise<Record<"session" | "elsewhere", string>> {
  return await page.evaluate(`(async () => ({
    session: JSON.stringify(sessionStorage),
    elsewhere: JSON.stringify([
      localStorage,
      document.cookie,
      await indexedDB.databases(),
      await caches.keys(),
      location.href,
      document.documentElement.outerHTML,
    ]),
  }))()`);
}

describeInBrowser("a deployment with keys", () => {
  const site = useSite(() => startWorkers({ access: "keys" }));

  it("says that a key is needed or wrong, and works with a right one, kept for the session alone", async () => {
    const key = await keyOf(site.workers);
    await visit(
      site.browser,
      site.workers.url,
      async (page) => {
        const said = page.getByRole("form", { name: "Connection" }).getByRole("alert");
        await said.getByText("An API key is needed", { exact: true }).waitFor();
        const field = page.getByLabel("API key", { exact: true });
        await field.fill(newKey());
        await field.press("Tab");
        await said.getByText("The API key is wrong, was revoked or has expired.").waitFor();
        const panel = await openTab(page, "Classify");
        await example(panel, "Fox").click();
        await panel.getByRole("alert").getByText("The API key is wrong").waitFor();

        await field.fill("sk-ключ");
        const refused = page.waitForResponse(/models$/);
        await field.press("Tab");
        expect((await refused).status()).toBe(401);

        await field.fill(` ${key} `);
        await field.press("Tab");
        await page.getByRole("option", { name: "edgeclip/demo" }).waitFor({ state: "attached" });
        expect(await said.innerText()).toBe("");
        await panel.getByRole("button", { name: "Classify" }).click();
        await winner(page).waitFor();
        expect(await winner(page).textContent()).toBe("fox");

        const { session, elsewhere } = await kept(page);
        expect(session).toContain(key);
        expect(elsewhere).not.toContain(key);
        await page.reload();
        await page.getByRole("option", { name: "edgeclip/demo" }).waitFor({ state: "attached" });
        // Another tab of the same browser does not have the key.
        const other = await page.context().newPage();
        await other.goto(site.workers.url);
        await other.getByText("An API key is needed", { exact: true }).waitFor();
        await openFold(page, "Model and key");
        await field.fill("");
        await field.press("Tab");
        await said.getByText("An API key is needed", { exact: true }).waitFor();
        expect((await kept(page)).session).toBe("{}");
      },
      { mayFail: true },
    );
  });
});

describeInBrowser("a public deployment", () => {
  const site = useSite(async () => {
    const limit = { namespace_id: "small", simple: { limit: 4, period: 60 } };
    return await startWorkers({
      access: "public",
      change: (name, options) =>
        name === "edgeclip"
          ? ({ ...options, ratelimits: { ...options.ratelimits, LIMIT_PUBLIC: limit } } as typeof options)
          : options,
    });
  });

  it("works without a key, and says when it is too much", async () => {
    await visit(
      site.browser,
      site.workers.url,
      async (page) => {
        const panel = await openTab(page, "Classify");
        await panel.getByText("Label sets belong to accounts: send an API key.").waitFor();
        expect(await page.getByRole("form", { name: "Connection" }).getByRole("alert").innerText()).toBe("");
        // The page made two requests, for models and label sets.
        await example(panel, "Fox").click();
        await winner(page).waitFor();
        await example(panel, "Harp").click();
        await page.locator(".winner", { hasText: "harp" }).waitFor();
        await example(panel, "Fox").click();
        await panel.getByRole("alert").getByText("Too many requests", { exact: true }).waitFor();
        expect(await panel.getByRole("alert").innerText()).toContain("Try again in 10 seconds.");
        expect(await panel.getByRole("button", { name: "Try again" }).count()).toBe(1);
      },
      { mayFail: true },
    );
  });
});
