/** Sends a form by its button, or by Ctrl+Enter (⌘+Enter) in a text area, where Enter alone starts a new line. */

export function onSubmit(form: HTMLFormElement, send: () => void): void {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    form.requestSubmit();
  });
}

/** Enter in this field does something of its own, and does not send the form. */
export function onEnter(field: HTMLInputElement, instead: () => void): void {
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    instead();
  });
}
