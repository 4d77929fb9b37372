/** `<prefix>_` and 24 random hexadecimal digits. */
export function randomId(prefix: string): string {
  return `${prefix}_${crypto.randomUUID().replaceAll("-", "").slice(0, 24)}`;
}
