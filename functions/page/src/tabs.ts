/**
 * Tabs as in the ARIA Authoring Practices: the Tab key stops once at the list, and the arrow keys move between tabs. A
 * panel hears an event, "shown", when its tab is chosen.
 */
import { find } from "./dom.ts";

/** @param list its tabs name their panels in `aria-controls` */
export function tabs(list: HTMLElement): void {
  const all = [...list.querySelectorAll<HTMLElement>("[role=tab]")];
  const select = (chosen: HTMLElement): void => {
    for (const tab of all) {
      const isChosen = tab === chosen;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      panelOf(tab).hidden = !isChosen;
    }
    panelOf(chosen).dispatchEvent(new Event("shown"));
  };
  list.addEventListener("click", ({ target }) => {
    const tab = all.find((each) => each === target);
    if (tab !== undefined) select(tab);
  });
  list.addEventListener("keydown", (event) => {
    const at = all.findIndex((tab) => tab === event.target);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: -1 }[event.key];
    const tab = to === undefined || at === -1 ? undefined : all.at(to % all.length);
    if (tab === undefined) return;
    event.preventDefault();
    select(tab);
    tab.focus();
  });
  const first = all.find((tab) => tab.getAttribute("aria-selected") === "true") ?? all[0];
  if (first !== undefined) select(first);
}

/** Looks the panel up when it is needed, because tabs and panels may be made before they are in the page. */
function panelOf(tab: HTMLElement): HTMLElement {
  return find(tab.getRootNode() as ParentNode, `#${tab.getAttribute("aria-controls")}`);
}
