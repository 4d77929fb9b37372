/**
 * Labels and settings in a browser: sets with names, thresholds, none, several labels, and a link that carries them.
 */
import type { Locator, Page } from "playwright-core";
import { expect, it } from "vitest";
import { request } from "../support/send-request.ts";
import { describeInBrowser } from "./support/describe-in-browser.ts";
import { example, openFold, openTab, winner } from "./support/parts.ts";
import { useSite } from "./support/use-site.ts";
import { visit } from "./support/visit.ts";

/** The fields of the next request, as curl takes them. */
async function asked(page: Page, act: () => Promise<void>): Promise<string> {
  await Promise.all([page.waitForResponse(/classify$/), act()]);
  return (await page.getByRole("tabpanel", { name: "curl" }).innerText()).replaceAll(/\s+/g, " ");
}

async function settled(panel: Locator): Promise<void> {
  await panel.locator("[data-outcome]:not([aria-busy])").waitFor();
}

describeInBrowser("labels and settings", () => {
  const site = useSite();

  it("stores the labels as a set, which is then chosen by its name", async () => {
    await visit(
      site.browser,
      site.workers.url,
      async (page) => {
        const panel = await openTab(page, "Classify");
        await page.getByText("None stored yet").waitFor();
        await panel.getByLabel("What it could be").fill("fox\nharp");
        await openFold(panel, "Store these labels");
        const name = panel.getByLabel("Name of the set");
        await name.fill("My Set");
        await name.press("Enter");
        expect(await name.evaluate((field) => (field as unknown as FieldLike).validationMessage)).toMatch(
          /^A name has small letters/,
        );
        await name.fill("my-set");
        await name.press("Enter");
        await panel.getByText("Stored as “my-set”, and chosen.").waitFor();
        expect(await panel.getByLabel("Stored label set").inputValue()).toBe("my-set");
        const { body } = await request("GET", `${site.workers.url}/v1/label_sets/my-set`);
        expect(body.data.map(({ label }: { label: string }) => label)).toEqual(["fox", "harp"]);
        await example(panel, "Harp").click();
        await winner(page).waitFor();
        expect(await winner(page).textContent()).toBe("harp");

        await panel.getByLabel("Stored label set").selectOption("");
        await panel.getByLabel("What it could be").fill("fox\nFox");
        await name.fill("other");
        await panel.getByRole("button", { name: "Store", exact: true }).click();
        await panel.getByText('"Fox" is the same label as label 1.').waitFor();
      },
      { mayFail: true },
    );
  });

  it("deletes a stored set after a question, and says what is lost", async () => {
    for (const [name, labels] of [
      ["kept", ["moon"]],
      ["unwanted", ["fox", "harp"]],
    ]) {
      await request("POST", `${site.workers.url}/v1/label_sets`, { name, labels });
    }
    await visit(
      site.browser,
      site.workers.url,
      async (page) => {
        const panel = await openTab(page, "Classify");
        const menu = panel.getByLabel("Stored label set");
        const erase = panel.getByRole("button", { name: "Delete… this label set" });
        await menu.locator("option", { hasText: "unwanted (2 labels)" }).waitFor({ state: "attached" });
        expect(await erase.isVisible()).toBe(false);
        await menu.selectOption("unwanted");
        await panel.getByText("Not used now: the stored set has labels of its own.").waitFor();

        await erase.click();
        const question = page.getByRole("alertdialog", { name: "Delete the label set “unwanted”?" });
        await question.getByText("Its 2 labels are deleted").waitFor();
        await question.getByRole("button", { name: "Keep" }).click();
        expect(await page.getByRole("alertdialog").count()).toBe(0);
        expect(await menu.inputValue()).toBe("unwanted");
        expect(await page.evaluate("location.hash")).toBe("#label_set=unwanted");

        await erase.click();
        await page.context().setOffline(true);
        await question.getByRole("button", { name: "Delete" }).click();
        await question.getByText("The server cannot be reached").waitFor();
        await page.context().setOffline(false);
        await question.getByRole("button", { name: "Delete" }).click();
        await panel.getByText("“unwanted” is deleted.").waitFor();
        expect(await menu.inputValue()).toBe("");
        expect(await menu.locator("option", { hasText: "unwanted" }).count()).toBe(0);
        expect(await menu.locator("option", { hasText: "kept" }).count()).toBe(1);
        expect(await page.evaluate("location.hash")).toBe("");
        expect((await request("GET", `${site.workers.url}/v1/label_sets/unwanted`)).status).toBe(404);
        expect(await panel.getByLabel("What it could be").isEnabled()).toBe(true);

        // What somebody else deleted meanwhile is as gone as it was to be.
        await menu.selectOption("kept");
        expect((await request("DELETE", `${site.workers.url}/v1/label_sets/kept`)).status).toBe(200);
        await erase.click();
        await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
        await panel.getByText("“kept” is deleted.").waitFor();
      },
      { mayFail: true },
    );
  });

  it("sends thresholds, none and several labels, and explains the figures", async () => {
    await visit(site.browser, site.workers.url, async (page) => {
      const panel = await openTab(page, "Classify");
      await panel.getByLabel("What it could be").fill("fox");
      await example(panel, "Fox").click();
      await panel.getByText("A single label has nothing to compete with").waitFor();
      expect(await panel.locator(".winner span").innerText()).toBe("100.0 %");

      await openFold(panel, "Settings");
      const classify = panel.getByRole("button", { name: "Classify" });
      await panel.getByLabel("Maybe none of them fits").check();
      await panel.getByLabel("What “none” looks like").fill("something\na drawing");
      await panel.getByLabel("Advantage").fill("1.5");
      let sent = await asked(page, () => classify.click());
      expect(sent).toContain('{"prompts":["something","a drawing"],"bias":1.5}');
      await settled(panel);
      expect(await panel.getByText("A single label").count()).toBe(0);
      expect(await panel.locator(".bars tbody tr").count()).toBe(2);

      await panel.getByLabel("Several labels may fit").check();
      expect(await panel.getByLabel("Maybe none of them fits").isDisabled()).toBe(true);
      await panel.getByLabel("What it could be").fill("guitar");
      await panel.getByLabel("Least score, %").fill("99.9");
      sent = await asked(page, () => classify.click());
      expect(sent).toContain("multi_label=true");
      expect(sent).toContain("min_score=0.999");
      expect(sent).not.toContain("none=");
      await panel.getByText("No label reaches the thresholds").waitFor();

      await panel.getByLabel("Least score, %").fill("250");
      await classify.click();
      expect(
        await panel
          .getByLabel("Least score, %")
          .evaluate((f) => (f as unknown as FieldLike).validationMessage),
      ).not.toBe("");
    });
  });

  it("says how many labels it leaves out, and shows all", async () => {
    await visit(site.browser, site.workers.url, async (page) => {
      const panel = await openTab(page, "Classify");
      const labels = ["fox", ...Array.from({ length: 59 }, (_, index) => `thing ${index}`)];
      await panel.getByLabel("What it could be").fill(labels.join("\n"));
      await example(panel, "Fox").click();
      await panel.getByText("10 of 60 labels").waitFor();
      expect(await panel.locator(".bars tbody tr").count()).toBe(10);
      await panel.getByRole("button", { name: "Show all 60" }).click();
      await expect.poll(() => panel.locator(".bars tbody tr").count()).toBe(60);
      expect(await panel.locator(".cut").count()).toBe(0);
    });
  });

  it("carries labels and settings in the address, never the key", async () => {
    let address = "";
    await visit(
      site.browser,
      site.workers.url,
      async (page) => {
        expect(await page.evaluate("location.hash")).toBe("");
        await openFold(page, "Model and key");
        await page.getByLabel("API key", { exact: true }).fill("sk-secret");
        await page.getByLabel("API key", { exact: true }).press("Tab");
        const panel = await openTab(page, "Classify");
        await panel.getByLabel("What it could be").fill("fox & friends\n<b>bus</b>\n100 %");
        await openFold(panel, "Settings");
        await panel.getByLabel("Templates", { exact: true }).selectOption("own");
        await panel.getByLabel("Your templates").fill("my {}");
        await panel.getByLabel("Least score, %").fill("12.5");
        await panel.getByLabel("Maybe none of them fits").check();
        const compare = await openTab(page, "Compare");
        await compare.getByLabel("What to compare them with").fill("one\ntwo");
        await compare.getByRole("button", { name: "Copy a link to these settings" }).click();
        await compare.getByRole("button", { name: "Copied" }).waitFor();
        address = await page.evaluate("navigator.clipboard.readText()");
        expect(address).not.toContain("secret");
        expect(await page.evaluate("location.href")).toBe(address);
      },
      { permissions: ["clipboard-read", "clipboard-write"] },
    );

    expect(address.startsWith(`${site.workers.url}/#`)).toBe(true);
    await visit(site.browser, site.workers.url, async (page) => {
      await page.goto(address);
      expect(await page.getByRole("tab", { name: "Compare" }).getAttribute("aria-selected")).toBe("true");
      expect(await page.getByLabel("What to compare them with").inputValue()).toBe("one\ntwo");
      const panel = await openTab(page, "Classify");
      expect(await panel.getByLabel("What it could be").inputValue()).toBe(
        "fox & friends\n<b>bus</b>\n100 %",
      );
      expect(await panel.getByLabel("Your templates").inputValue()).toBe("my {}");
      const sent = await asked(page, () => example(panel, "Fox").click());
      expect(sent).toContain("min_score=0.125");
      expect(sent).toContain("none=true");
      expect(sent).toContain('["my {}"]');
      await settled(panel);
    });
  });

  it("chooses the set of the address once sets are there, or says that it is not", async () => {
    await request("POST", `${site.workers.url}/v1/label_sets`, {
      name: "linked",
      labels: ["fox", "bus"],
    });
    await visit(site.browser, site.workers.url, async (page) => {
      const panel = await openTab(page, "Classify");
      await page.goto(`${site.workers.url}/#label_set=linked`);
      await expect.poll(() => panel.getByLabel("Stored label set").inputValue()).toBe("linked");
      await page.goto(`${site.workers.url}/#label_set=unknown`);
      await page.reload();
      await panel.getByText("There is no label set “unknown” for this key.").waitFor();
      expect(await panel.getByLabel("Stored label set").inputValue()).toBe("");
    });
  });
});

/** The properties of page elements that the tests read. Without this, their types would be those of Workers. */
interface FieldLike {
  validationMessage: string;
}
