/** Shows the last request as program code in several languages, one at a time, each with a copy button. */
import { copyButton } from "./copy-button.ts";
import { make } from "../dom.ts";
import { readKey } from "../key.ts";
import type { ApiRequest } from "../api-request.ts";
import { tabs } from "../tabs.ts";
import { curlSnippet } from "./curl.ts";
import { javascriptSnippet } from "./javascript.ts";
import { pythonSnippet } from "./python.ts";
import type { SnippetContext } from "./snippet.ts";

const LANGUAGES = [
  { id: "curl", name: "curl", write: curlSnippet },
  { id: "javascript", name: "JavaScript", write: javascriptSnippet },
  { id: "python", name: "Python", write: pythonSnippet },
] as const;

/** @param name prefix of the ids in this box */
export function snippetBox(
  name: string,
  request: ApiRequest,
  title = "The same request as a program",
): HTMLElement {
  const context: SnippetContext = { origin: location.origin, needsKey: readKey() !== "" };
  const list = make("div", { class: "tabs small", role: "tablist", "aria-label": "Language" });
  const panels = LANGUAGES.map(({ id, name: language, write }) => {
    const panel = `${name}-${id}`;
    const tab = `${panel}-tab`;
    list.append(make("button", { type: "button", role: "tab", id: tab, "aria-controls": panel }, language));
    const code = make("code", {}, write(request, context));
    // Long code scrolls. It must be focusable for the arrow keys to scroll it.
    return make("pre", { id: panel, role: "tabpanel", "aria-labelledby": tab, tabindex: "0" }, code);
  });
  const copy = copyButton(() => panels.find(({ hidden }) => !hidden)?.textContent ?? "");
  const head = make("div", { class: "head" }, make("h3", {}, title), copy);
  const box = make("section", { class: "snippets" }, head, list, ...panels);
  tabs(list);
  return box;
}
