/** The API key: in this tab's session storage and nowhere else, so that it goes when the tab does. */

const NAME = "edgeclip-api-key";

export function readKey(): string {
  return sessionStorage.getItem(NAME) ?? "";
}

export function keepKey(key: string): void {
  if (key === "") sessionStorage.removeItem(NAME);
  else sessionStorage.setItem(NAME, key);
}
