/** Deletes the stored label set that is chosen, after a question. */
import { confirmDeletion } from "../dialogs/confirm-deletion.ts";
import { find } from "../dom.ts";
import { forgetOffered } from "../offered.ts";

/** @param loadSets loads the menu of label sets again */
export function deleteSet(fieldset: HTMLElement, loadSets: () => Promise<void>): void {
  const select = find(fieldset, "#label-set", HTMLSelectElement);
  const hint = find(fieldset, "[data-set-hint]");

  find(fieldset, "[data-delete-set]").addEventListener("click", () => {
    const { value } = select;
    const { id, name = "", labels } = select.selectedOptions[0]?.dataset ?? {};
    if (id === undefined) return;
    const shown = name === "" ? "This label set" : `“${name}”`;
    confirmDeletion({
      title: `Delete ${name === "" ? "this label set" : `the label set “${name}”`}?`,
      lost:
        `Its ${labels === "1" ? "label is" : `${labels} labels are`} deleted, with the templates, what the labels ` +
        "learned from pictures, and every name that leads to them. Programs that use the set get an error from then " +
        "on. This cannot be undone.",
      path: `/v1/label_sets/${id}`,
      done: () => {
        forgetOffered(select, value);
        select.focus();
        void loadSets().then(() => {
          hint.textContent = `${shown} is deleted.`;
          if (select.disabled) find(fieldset, "#labels").focus();
        });
      },
    });
  });
}
