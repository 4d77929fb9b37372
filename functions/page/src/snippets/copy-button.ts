/** A button that copies a text and reports success or failure. */
import { make } from "../dom.ts";

/** How long the report is shown, milliseconds. */
const SAID_FOR = 2000;

/** @param text called when the button is pressed */
export function copyButton(text: () => string, name = "Copy"): HTMLElement {
  const button = make("button", { type: "button", class: "copy", "aria-live": "polite" }, name);
  const say = (said: string): void => {
    button.textContent = said;
    setTimeout(() => {
      button.textContent = name;
    }, SAID_FOR);
  };
  button.addEventListener("click", () => {
    // Browsers give a page the clipboard only on https and on localhost.
    const clipboard = navigator.clipboard as Clipboard | undefined;
    if (clipboard === undefined) {
      say("Not allowed");
      return;
    }
    void clipboard.writeText(text()).then(
      () => say("Copied"),
      () => say("Not allowed"),
    );
  });
  return button;
}
