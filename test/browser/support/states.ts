/** The states of the page, as a person brings them about, for screenshots. */
import type { Locator, Page } from "playwright-core";
import { type ChosenFile, noPicture, pictureFile } from "./files.ts";
import { example, openFold, openTab, winner } from "./parts.ts";

export interface State {
  name: string;
  use: (page: Page) => Promise<void>;
  /** The README's own picture, by the way it is taken. */
  readme?: Readonly<Record<string, string>>;
  /** False for the visible part only. */
  isWhole?: boolean;
}

const MANY = ["fox", "giraffe", "harp", "police-car", "tulip", "rocket", "dress", "grapes", "moon", "trophy"];
const LABELS = "fox, giraffe, harp, police car, tulip, rocket, dress, grapes, moon, trophy, bus, guitar";

async function files(): Promise<ChosenFile[]> {
  return [...(await Promise.all(MANY.map((name) => pictureFile(name)))), noPicture("notes.txt")];
}

/** Sends it twice: the first answer's times include loading the model. */
async function classifyFox(page: Page): Promise<void> {
  const panel = await openTab(page, "Classify");
  await example(panel, "Giraffe").click();
  await page.locator(".winner", { hasText: "giraffe" }).waitFor();
  await example(panel, "Fox").click();
  await page.locator(".winner", { hasText: "fox" }).waitFor();
}

async function classifyMany(page: Page): Promise<void> {
  const panel = await openTab(page, "Classify");
  await panel.getByLabel("What it could be").fill(LABELS);
  await panel.locator("[data-file]").setInputFiles(await files());
  await panel.getByRole("button", { name: "CSV" }).waitFor();
}

async function storeAnimals(page: Page): Promise<Locator> {
  const panel = await openTab(page, "Classify");
  await openFold(panel, "Store these labels");
  await panel.getByLabel("Name of the set").fill("animals");
  await panel.getByRole("button", { name: "Store", exact: true }).click();
  await panel.getByText("Stored as “animals”").waitFor();
  return panel;
}

async function ready(page: Page): Promise<void> {
  await page.getByText("None stored yet").waitFor();
}

export const OPEN_STATES: readonly State[] = [
  { name: "start", use: ready },
  {
    name: "classify",
    readme: { desk: "page-classify.png", "phone-dark": "page-phone.png" },
    use: async (page) => {
      await ready(page);
      await classifyFox(page);
    },
  },
  {
    name: "cut",
    use: async (page) => {
      const panel = await openTab(page, "Classify");
      await panel.getByLabel("What it could be").fill(LABELS);
      await example(panel, "Fox").click();
      await panel.getByRole("button", { name: "Show all" }).waitFor();
    },
  },
  {
    name: "single-label",
    use: async (page) => {
      const panel = await openTab(page, "Classify");
      await panel.getByLabel("What it could be").fill("fox");
      await example(panel, "Fox").click();
      await winner(page).waitFor();
    },
  },
  {
    name: "none",
    use: async (page) => {
      const panel = await openTab(page, "Classify");
      await panel.getByLabel("What it could be").fill("harp\nguitar\npolice car");
      await openFold(panel, "Settings");
      await panel.getByLabel("Maybe none of them fits").check();
      await panel.getByLabel("Advantage").fill("4");
      await example(panel, "Fox").click();
      await page.locator(".winner", { hasText: "none of these" }).waitFor();
    },
  },
  {
    name: "several-fit",
    use: async (page) => {
      const panel = await openTab(page, "Classify");
      await openFold(panel, "Settings");
      await panel.getByLabel("Several labels may fit").check();
      await panel.getByLabel("Least score, %").fill("20");
      await example(panel, "Fox").click();
      await winner(page).waitFor();
    },
  },
  {
    name: "stored-set",
    use: async (page) => {
      const panel = await storeAnimals(page);
      await example(panel, "Fox").click();
      await winner(page).waitFor();
    },
  },
  {
    name: "delete-set",
    isWhole: false,
    use: async (page) => {
      const panel = await storeAnimals(page);
      await panel.getByRole("button", { name: "Delete… this label set" }).click();
      await page.getByRole("alertdialog").waitFor();
    },
  },
  {
    name: "taught",
    use: async (page) => {
      const panel = await openTab(page, "Classify");
      await openFold(panel, "Teach labels");
      await panel
        .locator(".taught [type=file]")
        .first()
        .setInputFiles(await pictureFile("fox"));
      await panel.getByRole("button", { name: "fox 1 picture" }).waitFor();
      await example(panel, "Fox").click();
      await winner(page).waitFor();
    },
  },
  { name: "many", use: classifyMany },
  {
    name: "many-running",
    use: async (page) => {
      const panel = await openTab(page, "Classify");
      await panel.getByLabel("What it could be").fill(LABELS);
      let requests = 0;
      // The second request stays unanswered.
      await page.route("**/v1/classify", async (route) => {
        if (requests++ === 0) await route.continue();
      });
      await panel.locator("[data-file]").setInputFiles(await files());
      await page.getByText("8 of 11").waitFor();
    },
  },
  {
    name: "many-picture",
    isWhole: false,
    use: async (page) => {
      await classifyMany(page);
      await page.getByRole("button", { name: "harp" }).last().click();
      await page.getByRole("dialog").waitFor();
    },
  },
  {
    name: "refused",
    use: async (page) => {
      const panel = await openTab(page, "Classify");
      await panel.locator("[data-file]").setInputFiles(noPicture("notes.txt"));
      await page.locator(".problem").waitFor();
    },
  },
  {
    name: "compare",
    readme: { desk: "page-compare.png" },
    use: async (page) => {
      const panel = await openTab(page, "Compare");
      for (const name of ["Fox", "Giraffe", "Harp", "Police car"]) await example(panel, name).click();
      await panel.getByRole("listitem").nth(3).waitFor();
      await panel.getByRole("button", { name: "Compare", exact: true }).click();
      await panel.getByRole("table").waitFor();
    },
  },
];

/** Of the deployment with vector stores, one after the other with the same store. */
async function searchStore(page: Page): Promise<Locator> {
  const panel = await openTab(page, "Search");
  await openFold(panel, "Make a new store");
  await panel.getByLabel("Name of the store").fill("drawings");
  await panel.getByRole("button", { name: "Make" }).click();
  await panel.getByRole("button", { name: "Choose pictures to add" }).waitFor();
  await panel.locator("[data-add] [data-file]").setInputFiles(await files());
  await panel.getByText("10 of 11 pictures added.").waitFor();
  return panel;
}

async function thumbnails(panel: Locator, list: string, count: number): Promise<void> {
  await panel
    .locator(`${list} img`)
    .nth(count - 1)
    .waitFor();
}

export const SEARCH_STATES: readonly State[] = [
  {
    name: "search-start",
    use: async (page) => {
      await (await openTab(page, "Search")).getByLabel("Name of the store").waitFor();
    },
  },
  {
    name: "search",
    use: async (page) => {
      const panel = await searchStore(page);
      await panel.getByRole("button", { name: "Search", exact: true }).click();
      await thumbnails(panel, ".gallery", 4);
    },
  },
  {
    name: "search-by-picture",
    use: async (page) => {
      const panel = await searchStore(page);
      await openFold(panel, "What is in the store");
      await panel.locator("[data-question] [data-file]").setInputFiles(await pictureFile("police-car"));
      await thumbnails(panel, ".gallery", 4);
      await panel.locator(".stored").scrollIntoViewIfNeeded();
      await thumbnails(panel, ".stored", 4);
    },
  },
  {
    name: "delete-store",
    isWhole: false,
    use: async (page) => {
      const panel = await searchStore(page);
      await panel.getByRole("button", { name: "Delete… this store" }).click();
      await page.getByRole("alertdialog").waitFor();
    },
  },
  {
    name: "delete-refused",
    isWhole: false,
    use: async (page) => {
      const panel = await searchStore(page);
      await panel.getByRole("button", { name: "Delete… this store" }).click();
      await page.context().setOffline(true);
      await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
      await page.getByText("The server cannot be reached").waitFor();
    },
  },
  {
    name: "search-not-loaded",
    use: async (page) => {
      await page.route("**/search-*.js*", (route) => route.abort());
      await openTab(page, "Search");
      await page.getByText("The search could not be loaded").waitFor();
    },
  },
];

export const STATES_WITH_KEYS: readonly State[] = [
  {
    name: "key-needed",
    use: async (page) => await page.getByText("An API key is needed", { exact: true }).waitFor(),
  },
];
