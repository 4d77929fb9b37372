/** Copies a text, and says so. */
import { make } from "../dom.ts";

/** Milliseconds for which it says so. */
const SAID_FOR = 2000;

/** @param text is asked for when it is pressed */
export function copyButton(text: () => string): HTMLElement {
  const button = make("button", { type: "button", class: "copy", "aria-live": "polite" }, "Copy");
  const say = (said: string): void => {
    button.textContent = said;
    setTimeout(() => {
      button.textContent = "Copy";
    }, SAID_FOR);
  };
  button.addEventListener("click", () => {
    // Browsers offer a clipboard to pages of https and of the machine itself alone.
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
