/** What a schema makes of a request. */
import { scheduler } from "node:timers/promises";
import type * as z from "zod";
import { validate } from "../../functions/gateway/schemas/validate.ts";

// Workers have this function for pauses.
Object.assign(globalThis, { scheduler });

/** Schemas by name, each with the fields of a request that it takes. */
export type Schemas = Readonly<Record<string, readonly [schema: z.ZodType, fields: object]>>;

/** @param fields in addition to the request's, or instead of them; undefined takes one out */
export async function validated(schemas: Schemas, name: string, fields: object): Promise<unknown> {
  const named = schemas[name];
  if (named === undefined) throw new Error(`there is no schema ${name}`);
  const [schema, base] = named;
  const all = Object.entries({ ...base, ...fields }).filter(([, value]) => value !== undefined);
  return await validate(schema, Object.fromEntries(all));
}

export const many = (count: number): string[] => Array.from({ length: count }, (_, i) => `text-${i}`);
export const pictures = (count: number): object[] => Array.from({ length: count }, () => ({ image: "AAAA" }));

/** A text in a mix. */
export function part(text: string, weight?: number): object {
  return { type: "text", text, ...(weight === undefined ? {} : { weight }) };
}
