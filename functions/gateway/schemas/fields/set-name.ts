/** The name of a label set, which works wherever an id does. */
import { shortString } from "./short-string.ts";

/** UTF-16 code units. */
const MAX_LENGTH = 64;
/** No id is a name, nor is what a form may have in place of no value, see `body/form-value.ts`. */
const NAME = /^(?!ls_|(?:null|none|undefined)$)[a-z0-9][a-z0-9._-]{0,63}$/;
const ERROR =
  "must be made of a-z, 0-9, '.', '_' and '-', begin with a letter or digit, not with ls_, and not be a form's word for no value; other words can be the title";

export function isSetName(name: string): boolean {
  return NAME.test(name);
}

export const setNameSchema = shortString(MAX_LENGTH)
  .refine((name) => isSetName(name), { error: ERROR, params: { code: "invalid_value" } })
  .meta({
    description:
      "Unique in the account; usable wherever an id is. Given to another set, it leads there from then on, once that set " +
      "is computed; the id of the former set goes on working",
  });
