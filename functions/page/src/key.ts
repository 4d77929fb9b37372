/** The API key. It is kept only in this tab's session storage, so it is deleted when the tab closes. */

const NAME = "edgeclip-api-key";

export function readKey(): string {
  return sessionStorage.getItem(NAME) ?? "";
}

export function keepKey(key: string): void {
  if (key === "") sessionStorage.removeItem(NAME);
  else sessionStorage.setItem(NAME, key);
}
