/** The templates that a request may name, and the default ones. */
import { OPENAI_7, OPENAI_80 } from "./openai.ts";

export const DEFAULT_TEMPLATES: readonly string[] = ["a photo of a {}."];

export const NAMED_TEMPLATES: ReadonlyMap<string, readonly string[]> = new Map([
  ["openai-7", OPENAI_7],
  ["openai-80", OPENAI_80],
  ["none", ["{}"]],
]);
