/** A request's fields and their aliases. A single value is accepted where a list is expected. */
import { ServiceError } from "../../runtime/errors.ts";

/** Fields from JSON or a form, as the schemas expect them. */
export type Fields = Record<string, unknown>;

export const IMAGE_ALIASES = ["images", "image", "input"] as const;
/** Where OpenAI's other fields are beside them. */
export const PICTURE_ALIASES = ["images", "image"] as const;
export const TEXT_ALIASES = ["texts", "text"] as const;
export const LABEL_ALIASES = ["labels", "label"] as const;

/**
 * Replaces aliases: the value under any of `names` becomes a list under the first of them.
 * @throws ServiceError `invalid_type` if the request has several of these names
 */
export function foldAliases(fields: Fields, names: readonly [string, ...string[]]): Fields {
  const present = names.filter((name) => fields[name] !== undefined && fields[name] !== null);
  const [name, other] = present;
  if (name === undefined) return fields;
  if (other !== undefined) {
    throw new ServiceError("invalid_type", `${name} and ${other} mean the same: send one of them`, {
      param: other,
    });
  }
  const { [name]: value, ...others } = fields;
  return { ...others, [names[0]]: Array.isArray(value) ? value : [value] };
}
