/** `<alias>@<revision>`: how Workers, queues, logs and commands name a model. */
import type { Manifest } from "./manifest.ts";

export function modelReference({ alias, revision }: Pick<Manifest, "alias" | "revision">): string {
  return `${alias}@${revision}`;
}
