/** Menus whose entries come from the API, so that a choice may be made before there is anything to choose. */

/** Makes the choice when the entries have come, if they have not. */
export function wantOffered(select: HTMLSelectElement, value: string): void {
  select.dataset["wanted"] = value;
  select.value = value;
  if (select.selectedIndex === -1) select.selectedIndex = 0;
}

/** Takes an entry away, because it is there no more. If it is the one that is chosen, the first is chosen instead. */
export function forgetOffered(select: HTMLSelectElement, value: string): void {
  const isChosen = select.value === value;
  if (select.dataset["wanted"] === value) delete select.dataset["wanted"];
  [...select.options].find((option) => option.value === value)?.remove();
  if (!isChosen) return;
  select.selectedIndex = 0;
  // Bubbles, as when a person chooses, so that the page's address loses the entry, too.
  select.dispatchEvent(new Event("change", { bubbles: true }));
}

/** @returns a choice that is not among the entries */
export function chooseOffered(
  select: HTMLSelectElement,
  options: readonly HTMLOptionElement[],
): string | undefined {
  const wanted = select.dataset["wanted"] ?? select.value;
  select.replaceChildren(...options);
  const isThere = options.some(({ value }) => value === wanted);
  if (isThere) {
    select.value = wanted;
    delete select.dataset["wanted"];
  }
  select.dispatchEvent(new Event("change"));
  return isThere || wanted === "" ? undefined : wanted;
}
