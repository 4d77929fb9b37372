/** Requests as rows of tests: what a schema makes of each, or how it is refused. */
import { describe, expect, it } from "vitest";
import { ServiceError } from "../../../functions/runtime/errors.ts";
import { expectOwnWords, type Schemas, validated } from "./validated.ts";

/** What lifting leaves of a long text in JSON. */
export const LONG = "\0lifted:0";
export const PICTURE = "data:image/png;base64,AAAA";

/** Parts of so many characters each. */
export const texts = (...lengths: number[]): object[] =>
  lengths.map((length) => ({ type: "text", text: "x".repeat(length) }));
export const messagesOf = (...contents: (object | string)[][]): object => ({
  input: undefined,
  messages: contents.map((content) => ({
    role: "user",
    content: typeof content[0] === "string" ? content[0] : content,
  })),
});

/** A request, and its error. */
export type Refusal = [name: string, fields: object, code: string, param: string | null, message: string];
/** A request, and what is expected of it once it is validated, in part. */
export type Acceptance = [name: string, fields: object, output: object];

export function describeRows(
  schemas: Schemas,
  taken: readonly Acceptance[],
  refused: readonly Refusal[],
): void {
  describe("a request", () => {
    it.each(refused)("%s %j is %s at %s", async (name, fields, code, param, message) => {
      const refusal: unknown = await validated(schemas, name, fields).catch((error: unknown) => error);
      if (!(refusal instanceof ServiceError)) throw new Error("the request was not refused");
      expect([refusal.code, refusal.param]).toEqual([code, param]);
      expect(refusal.message).toContain(message);
      expectOwnWords(refusal.message);
      expect(refusal.message).toContain(param ?? "");
    });

    it.each(taken)("%s %j is taken", async (name, fields, output) => {
      expect(await validated(schemas, name, fields)).toMatchObject(output);
    });
  });
}
