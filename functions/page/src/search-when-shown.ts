/**
 * Loads the code of the tab that searches when that tab is first shown, so that the page itself comes sooner. Until the
 * code is there, the form takes no input; if it does not come, its place has the reason and a button to try again.
 */
import { find } from "./dom.ts";
import { problem } from "./results/problem.ts";

/** Address of the bundle of `search-tab.ts`, from `scripts/prepare/copy-assets.ts`. */
declare const SEARCH_BUNDLE: string;

const NOT_LOADED = {
  title: "The search could not be loaded",
  detail:
    "A part of this page did not arrive. Check the connection and try again. If that does not help, load the page " +
    "again: there may be a newer one.",
  facts: [],
  mayRetry: true,
};

/** The parameters are those of `search`. */
export function searchWhenShown(section: HTMLElement, model: () => string, connection: HTMLElement): void {
  const form = find(section, "form", HTMLFormElement);
  const slot = find(section, "[data-not-loaded]");
  let attempts = 0;
  let isWanted = false;

  const load = async (): Promise<void> => {
    if (isWanted) return;
    isWanted = true;
    slot.replaceChildren();
    const code = await loadCode(attempts++);
    form.hidden = code === undefined;
    form.inert = code === undefined;
    if (code !== undefined) {
      code.search(section, model, connection);
      return;
    }
    isWanted = false;
    slot.replaceChildren(problem(NOT_LOADED, () => void load()));
  };
  form.inert = true;
  section.addEventListener("shown", () => void load());
}

/** @param attempt its number, from 0: browsers may remember for an address that it could not be loaded */
async function loadCode(attempt: number): Promise<typeof import("./search-tab.ts") | undefined> {
  const address = attempt === 0 ? SEARCH_BUNDLE : `${SEARCH_BUNDLE}?attempt=${attempt}`;
  try {
    return (await import(address)) as typeof import("./search-tab.ts");
  } catch {
    return undefined;
  }
}
