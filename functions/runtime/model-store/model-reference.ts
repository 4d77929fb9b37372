/** The variable MODEL of every Worker: `<alias>@<revision>`, and where that model lives in R2. */
import { ServiceError } from "../errors.ts";

const PATTERN = /^([a-z0-9][a-z0-9_.-]*)@([0-9a-f]{16})$/;

export interface ModelReference {
  alias: string;
  revision: string;
  /** Prefix of the model's keys in R2, without a final slash. */
  prefix: string;
}

/** @throws ServiceError `not_configured` */
export function parseModelReference(model: string | undefined): ModelReference {
  const [, alias, revision] = PATTERN.exec(model ?? "") ?? [];
  if (alias === undefined || revision === undefined) {
    throw new ServiceError("not_configured", "the variable MODEL must be <alias>@<revision>");
  }
  return { alias, revision, prefix: `${alias}/${revision}` };
}
