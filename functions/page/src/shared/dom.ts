/** Elements: found, or made. Text goes in as text, never as HTML. */

/** @throws Error if the page has no such element: page and script belong together */
export function byId(id: string): HTMLElement {
  return typedById(id, HTMLElement);
}

/** @throws Error if the page has none of that type */
export function typedById<T extends HTMLElement>(id: string, type: new () => T): T {
  const element = document.getElementById(id);
  if (element instanceof type) return element;
  throw new Error(`the page has no #${id}`);
}

type Properties<K extends keyof HTMLElementTagNameMap> = Partial<
  Omit<HTMLElementTagNameMap[K], "style" | "children">
>;

export function make<K extends keyof HTMLElementTagNameMap>(
  name: K,
  properties: Properties<K> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  Object.assign(element, properties);
  element.append(...children);
  return element;
}
