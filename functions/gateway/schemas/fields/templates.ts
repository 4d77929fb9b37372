/** Prompt templates: one, several, a named set, or none. */
import * as z from "zod";
import { MAX_TEMPLATE_LENGTH, MAX_TEMPLATES } from "../../limits.ts";
import { shortString } from "./short-string.ts";
import { DEFAULT_TEMPLATES, NAMED_TEMPLATES } from "../../templates/named-templates.ts";
import { list } from "./list.ts";

/** One template, with one `{}`. */
export const templateSchema = shortString(MAX_TEMPLATE_LENGTH).refine(
  (text) => text.split("{}").length === 2,
  {
    error: "a template has exactly one {}",
    params: { code: "invalid_template" },
  },
);

/** Output: the list of templates, each with one `{}`. */
export const templatesSchema = z
  .union([z.string(), list(z.string())], {
    error: "must be a template, a list of them, or the name of a set",
  })
  .transform((value) => {
    // A form sends only lists, so a list with one name counts as the name.
    const [first, ...others] = [value].flat();
    return first !== undefined && others.length === 0
      ? (NAMED_TEMPLATES.get(first) ?? [first])
      : [value].flat();
  })
  .pipe(
    list(templateSchema)
      .min(1, "at least one template is needed")
      .max(MAX_TEMPLATES, `at most ${MAX_TEMPLATES} templates`),
  )
  .meta({
    description:
      'Templates with one `{}` each, or `"openai-80"`, `"openai-7"`, or `"none"`, which takes a label as it is; by ' +
      `default \`${DEFAULT_TEMPLATES.join(", ")}\``,
  });
