/** Reads which part of a tower this Worker holds from the variable STAGE: `<stage>/<stages>`, counted from 1. */
import { ServiceError } from "../errors.ts";

export interface Stage {
  /** Counted from 0. */
  index: number;
  count: number;
}

/** @throws ServiceError `not_configured` if STAGE is malformed */
export function parseStage(stage: string | undefined): Stage {
  const [, number, count] = (/^([1-9])\/([1-9])$/.exec(stage ?? "1/1") ?? []).map(Number);
  if (number === undefined || count === undefined || number > count) {
    throw new ServiceError("not_configured", "the variable STAGE must be <stage>/<stages>, for example 1/2");
  }
  return { index: number - 1, count };
}
