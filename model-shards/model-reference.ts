/** `<alias>@<revision>`: how Workers, queues, logs and commands name a model. */
import type { Manifest } from "./manifest.ts";

const PATTERN = /^([a-z0-9][a-z0-9_.-]*)@([0-9a-f]{16})$/;

export interface ModelReference {
  alias: string;
  revision: string;
  /** Prefix of the model's keys in R2, without a final slash. */
  prefix: string;
}

export function modelReference({ alias, revision }: Pick<Manifest, "alias" | "revision">): string {
  return `${alias}@${revision}`;
}

/** @returns undefined if the text is not `<alias>@<revision>` */
export function parseModelReference(reference: string): ModelReference | undefined {
  const [, alias, revision] = PATTERN.exec(reference) ?? [];
  if (alias === undefined || revision === undefined) return undefined;
  return { alias, revision, prefix: `${alias}/${revision}` };
}
