/** What a schema makes of a request. */
import { describe, expect, it } from "vitest";
import type * as z from "zod";
import { validate } from "../../../functions/gateway/schemas/fields/validate.ts";
import { provideScheduler } from "../../../scripts/towers/provide-scheduler.ts";

provideScheduler();

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

/** A request, and what is expected of it once it is validated, in part. */
export type Taken = [name: string, fields: object, output: object];
/** A request, and its error; with null, its path is not looked at. */
export type Refused = [name: string, fields: object, code: string, param: string | null];

/** Tests of requests that are taken and of some that are refused. */
export function describeRequests(
  schemas: Schemas,
  taken: readonly Taken[],
  refused: readonly Refused[],
): void {
  describe("a request", () => {
    it.each(taken)("%s %j is taken", async (name, fields, output) => {
      expect(await validated(schemas, name, fields)).toMatchObject(output);
    });

    it.each(refused)("%s %j is %s at %s", async (name, fields, code, param) => {
      const refusal: unknown = await validated(schemas, name, fields).catch((error: unknown) => error);
      expect(refusal).toMatchObject({ name: "ServiceError", code, ...(param === null ? {} : { param }) });
      expectOwnWords((refusal as Error).message);
    });
  });
}

/** Expects that an error's message says something, and that it is not one of zod's own. */
export function expectOwnWords(message: string): void {
  expect(message).toMatch(/\S$/);
  expect(message).not.toMatch(/invalid|expected|received|too (?:big|small)|unrecognized/i);
}

export const many = (count: number): string[] => Array.from({ length: count }, (_, i) => `text-${i}`);
export const pictures = (count: number): object[] => Array.from({ length: count }, () => ({ image: "AAAA" }));

/** A text in a mix. */
export function part(text: string, weight?: number): object {
  return { type: "text", text, ...(weight === undefined ? {} : { weight }) };
}
