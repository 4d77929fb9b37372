/**
 * The page's address carries what is set on it, in its fragment, which browsers do not send to servers: labels, texts,
 * settings and the open tab. It never carries the key, nor pictures. Opening the address sets all that again.
 *
 * A control takes part by `data-shared`, its name in the fragment. Values that are not changed are left out.
 */
import { wantOffered } from "./offered.ts";
import { copyButton } from "./snippets/copy-button.ts";

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

export function pageLink(tabList: HTMLElement): void {
  const controls = [...document.querySelectorAll<Control>("[data-shared]")];
  const tabs = [...tabList.querySelectorAll<HTMLElement>("[role=tab]")];

  const write = (): void => {
    const carried = new URLSearchParams();
    const open = tabs.find((tab) => tab.getAttribute("aria-selected") === "true");
    if (open !== undefined && open !== tabs[0]) carried.set("tab", panelOf(open));
    for (const control of controls) {
      const value = valueOf(control);
      if (value !== defaultOf(control)) carried.set(nameOf(control), value);
    }
    const fragment = carried.toString();
    history.replaceState(
      null,
      "",
      `${location.pathname}${location.search}${fragment === "" ? "" : "#"}${fragment}`,
    );
  };
  const read = (): void => {
    const carried = new URLSearchParams(location.hash.slice(1));
    for (const control of controls) {
      const value = carried.get(nameOf(control)) ?? defaultOf(control);
      if (value === valueOf(control)) continue;
      set(control, value);
      for (const type of ["input", "change"]) control.dispatchEvent(new Event(type, { bubbles: true }));
      const settings = control.closest<HTMLDetailsElement>("[data-settings]");
      if (settings !== null) settings.open = true;
    }
    (tabs.find((tab) => panelOf(tab) === carried.get("tab")) ?? tabs[0])?.click();
  };
  read();
  document.addEventListener("change", ({ target, isTrusted }) => {
    // Somebody's choice counts for more than the address's.
    if (isTrusted && target instanceof HTMLSelectElement) delete target.dataset["wanted"];
    if (controls.some((control) => control === target)) write();
  });
  tabList.addEventListener("focusin", write);
  tabList.addEventListener("click", write);
  addEventListener("hashchange", read);
  for (const slot of document.querySelectorAll("[data-copy-link]")) {
    slot.replaceWith(
      copyButton(() => {
        write();
        return location.href;
      }, "Copy a link to these settings"),
    );
  }
}

function panelOf(tab: HTMLElement): string {
  return tab.getAttribute("aria-controls") ?? "";
}

function nameOf(control: Control): string {
  return control.dataset["shared"] ?? "";
}

function valueOf(control: Control): string {
  if (control instanceof HTMLInputElement && control.type === "checkbox") return control.checked ? "1" : "";
  return control.dataset["wanted"] ?? control.value;
}

function defaultOf(control: Control): string {
  if (control instanceof HTMLSelectElement) return control.options[0]?.value ?? "";
  return control.type === "checkbox" ? "" : control.defaultValue;
}

function set(control: Control, value: string): void {
  if (control instanceof HTMLSelectElement) wantOffered(control, value);
  else if (control.type === "checkbox" && control instanceof HTMLInputElement)
    control.checked = value === "1";
  else control.value = value;
}
