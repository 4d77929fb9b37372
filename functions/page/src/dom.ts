/**
 * Finds and makes elements. Content is set as text, never as markup, because labels and messages may come from anyone.
 */

type Content = Node | string;

export function find(within: ParentNode, selector: string): HTMLElement;
export function find<Kind extends Element>(within: ParentNode, selector: string, kind: new () => Kind): Kind;
/** @throws Error if the page has no such element: its script and its HTML are out of step */
export function find(within: ParentNode, selector: string, kind: new () => Element = HTMLElement): Element {
  const found = within.querySelector(selector);
  if (!(found instanceof kind)) throw new Error(`the page has no element ${selector}`);
  return found;
}

export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string>> = {},
  ...content: Content[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
  element.append(...content);
  return element;
}

/** A button that sends no form. */
export function button(
  name: Content,
  pressed: () => void,
  attributes: Readonly<Record<string, string>> = {},
) {
  const element = make("button", { type: "button", ...attributes }, name);
  element.addEventListener("click", pressed);
  return element;
}

/** A button with a cross, which screen readers call by its name. */
export function crossButton(name: string, pressed: () => void): HTMLButtonElement {
  const cross = make("span", { "aria-hidden": "true" }, "×");
  const element = button(cross, pressed);
  element.append(make("span", { class: "visually-hidden" }, name));
  return element;
}
