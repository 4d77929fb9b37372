/** Long strings in JSON: a picture is the same whether it was lifted out or not, and nothing else may be long. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LIFTED, liftStrings } from "../../../functions/gateway/http/lift-strings.ts";
import { type Answer, post } from "../../support/post.ts";
import { startWorkers, type Workers } from "../../support/workers.ts";
import { random } from "../random.ts";

const PHOTO = join(import.meta.dirname, "../../fixtures/pictures/images/photo_3000x2000.jpg");
const bytesOf = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(text));
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

describe("liftStrings", () => {
  it.each(Array.from({ length: 20 }, (_, seed) => [seed] as const))("loses nothing (seed %i)", (seed) => {
    const next = random(seed);
    const part = (): string => ['"', "\\", "é", "a", "\\\\", "\n", "{", "🦊"][Math.floor(next() * 8)] ?? "";
    const short = (): string => Array.from({ length: Math.floor(next() * 20) }, part).join("");
    const long = (): string => short() + "x".repeat(40_000);
    const value = { [short()]: [short(), long(), { [short()]: long() }], last: "y".repeat(33_000) };
    const { json, strings } = liftStrings(bytesOf(JSON.stringify(value)));
    expect(strings.length).toBeGreaterThanOrEqual(1);
    const restored: unknown = JSON.parse(textOf(json), (_, each: unknown) =>
      typeof each === "string" && each.startsWith(LIFTED)
        ? textOf(strings[Number(each.slice(LIFTED.length))] ?? new Uint8Array(0))
        : each,
    );
    expect(restored).toEqual(value);
  });

  it.each(["", '"', '"\\"', `"${"x".repeat(40_000)}`, `{"a":"${"x".repeat(40_000)}\\`])(
    "leaves %.20s… alone",
    (text) => {
      expect(textOf(liftStrings(bytesOf(text)).json)).toBe(text);
    },
  );
});

describe("a long picture in JSON", () => {
  let workers: Workers;
  let photo: string;

  beforeAll(async () => {
    workers = await startWorkers();
    photo = (await readFile(PHOTO)).toString("base64");
  });

  afterAll(async () => {
    await workers.dispose();
  });

  const classify = (image: string, rest = '"labels":["a","b"]'): Promise<Answer> =>
    post(`${workers.url}/v1/classify`, `{"image":"${image}",${rest}}`);

  it("is the same in every way to write it, lifted out or not", async () => {
    const { body } = await classify(photo);
    expect(body.data).toHaveLength(1);
    const urlSafe = photo.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    for (const image of [
      `data:image/jpeg;base64,${photo}`,
      urlSafe,
      // Escapes, as some encoders write them: not lifted.
      photo.replaceAll("/", "\\/"),
      `data:,${[...Buffer.from(photo, "base64")].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("")}`,
    ]) {
      expect((await classify(image)).body.data).toEqual(body.data);
    }
  });

  it.each([
    ["nonsense", () => classify("!".repeat(50_000)), "invalid_image", "images[0]"],
    [
      "nonsense in a data URI",
      () => classify(`data:image/png;base64,${"!".repeat(50_000)}`),
      "invalid_image",
      "images[0]",
    ],
    ["no picture", () => classify("AAAA".repeat(20_000)), "unsupported_image_format", "images[0]"],
    ["a place that nothing was lifted from", () => classify("\\u0000lifted:7"), "invalid_image", "images[0]"],
    ["a long label", () => classify(photo, `"labels":["${"x".repeat(50_000)}"]`), "too_long", "labels[0]"],
    [
      "a long model",
      () => classify(photo, `"labels":["a"],"model":"${"x".repeat(50_000)}"`),
      "too_long",
      "model",
    ],
    [
      "a long template",
      () => classify(photo, `"labels":["a"],"templates":"${"x".repeat(50_000)}"`),
      "too_long",
      "templates[0]",
    ],
    ["a long id", () => classify(photo, `"label_set":"${"x".repeat(50_000)}"`), "too_long", "label_set"],
  ])("may be %s, and is refused", async (_, send, code, param) => {
    const { status, body } = await send();
    expect(body.error).toMatchObject({ code, param });
    expect(status).toBeLessThan(500);
    expect(JSON.stringify(body)).not.toContain("lifted");
  });

  it("may not be a label set's name", async () => {
    const body = `{"name":"${"x".repeat(50_000)}","labels":["a"]}`;
    const answer = await post(`${workers.url}/v1/label_sets`, body);
    expect(answer.body.error).toMatchObject({ code: "too_long", param: "name" });
  });
});
