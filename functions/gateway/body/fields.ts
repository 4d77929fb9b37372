/** A request's fields, the other names that each may come under, and single values where a list is meant. */
import { ServiceError } from "../../runtime/errors.ts";

/** Of JSON or of a form, as the schemas take them. */
export type Fields = Record<string, unknown>;

export const IMAGE_ALIASES = ["images", "image", "input"] as const;
export const TEXT_ALIASES = ["texts", "text"] as const;
export const LABEL_ALIASES = ["labels", "label"] as const;

/**
 * The fields with the first of `names` holding, as a list, whatever came under one of them.
 * @throws ServiceError `invalid_type` if several of them are there
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
