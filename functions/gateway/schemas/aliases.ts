/** Other names a field may come under, and single values where a list is meant. */
import { ServiceError } from "../../runtime/errors.ts";
import type { Fields } from "../http/read-body.ts";

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
