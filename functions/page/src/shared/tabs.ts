/** Tabs as the ARIA patterns have them: arrow keys move, the chosen one alone is in the tab order. */

export function connectTabs(list: HTMLElement): void {
  const tabs = [...list.querySelectorAll<HTMLElement>('[role="tab"]')];
  const choose = (chosen: HTMLElement): void => {
    for (const tab of tabs) {
      const isChosen = tab === chosen;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls") ?? "")?.toggleAttribute("hidden", !isChosen);
    }
    chosen.focus();
  };
  const steps = new Map([
    ["ArrowRight", 1],
    ["ArrowLeft", -1],
  ]);
  for (const [index, tab] of tabs.entries()) {
    tab.addEventListener("click", () => choose(tab));
    tab.addEventListener("keydown", ({ key }) => {
      const step = steps.get(key);
      const next = step === undefined ? undefined : tabs.at((index + step) % tabs.length);
      if (next !== undefined) choose(next);
    });
  }
}
