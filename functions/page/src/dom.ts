/** Elements, found and made. Only text goes in, never markup: labels and messages come from anywhere. */

type Content = Node | string;

export function find(within: ParentNode, selector: string): HTMLElement;
export function find<Kind extends Element>(within: ParentNode, selector: string, kind: new () => Kind): Kind;
/** @throws Error if there is none of its kind: the page and its script belong together */
export function find(within: ParentNode, selector: string, kind: new () => Element = HTMLElement): Element {
  const found = within.querySelector(selector);
  if (!(found instanceof kind)) throw new Error(`the page lacks ${selector}`);
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
