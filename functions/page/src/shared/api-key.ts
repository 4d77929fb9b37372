/** The caller's key: kept for this tab's session, and nowhere else. */

const NAME = "edgeclip-key";

export function apiKey(): string {
  return sessionStorage.getItem(NAME) ?? "";
}

export function keepApiKey(key: string): void {
  if (key === "") sessionStorage.removeItem(NAME);
  else sessionStorage.setItem(NAME, key);
}
