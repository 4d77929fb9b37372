/** Prompt templates: one, several, a published set by name, or none. */
import * as z from "zod";
import { MAX_TEMPLATE_LENGTH, MAX_TEMPLATES } from "../limits.ts";
import { shortString } from "./short-string.ts";
import { OPENAI_7, OPENAI_80 } from "../templates/openai.ts";
import { list } from "./list.ts";

export const DEFAULT_TEMPLATES: readonly string[] = ["a photo of a {}."];
const NAMED: ReadonlyMap<string, readonly string[]> = new Map([
  ["openai-7", OPENAI_7],
  ["openai-80", OPENAI_80],
  ["none", ["{}"]],
]);

const template = shortString(MAX_TEMPLATE_LENGTH).refine((text) => text.split("{}").length === 2, {
  error: "a template has exactly one {}",
  params: { code: "invalid_template" },
});

/** Output: the list of templates, each with one `{}`. */
export const templatesSchema = z
  .union([z.string(), list(z.string())], {
    error: "must be a template, a list of them, or the name of a set",
  })
  .transform((value) => {
    // A form has only lists: a name alone in one is a name still.
    const [first, ...others] = [value].flat();
    return first !== undefined && others.length === 0 ? (NAMED.get(first) ?? [first]) : [value].flat();
  })
  .pipe(
    list(template)
      .min(1, "at least one template is needed")
      .max(MAX_TEMPLATES, `at most ${MAX_TEMPLATES} templates`),
  )
  .meta({ description: 'Templates with one `{}` each, or `"openai-80"`, `"openai-7"`, `"none"`' });
