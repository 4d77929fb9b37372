/** Sends a form by its button, and from its text areas, where Enter is a new line, by Ctrl or ⌘ and Enter. */

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
