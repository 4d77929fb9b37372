/**
 * Long strings in JSON: a picture gives the same result whether it was lifted out or not, and no other string may be
 * long.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, post } from "../../support/post.ts";
import { startWorkers, type Workers } from "../../support/workers.ts";

const PICTURES = join(import.meta.dirname, "../../fixtures/pictures/images");
const PHOTO = join(PICTURES, "photo_3000x2000.jpg");
const OTHERS = ["gray.jpg", "cmyk.jpg", "rgb.png"];

function percentEncoded(file: Buffer): string {
  return `data:,${[...file].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("")}`;
}

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

  it("gives the same result however it is written, lifted out or not", async () => {
    const { body } = await classify(photo);
    expect(body.data).toHaveLength(1);
    const urlSafe = photo.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    for (const image of [
      `data:image/jpeg;base64,${photo}`,
      urlSafe,
      // Escapes, as some encoders write them; such a string is not lifted.
      photo.replaceAll("/", "\\/"),
      percentEncoded(Buffer.from(photo, "base64")),
      `data:image/jpeg;base64,${encodeURIComponent(photo)}`,
    ]) {
      expect((await classify(image)).body.data).toEqual(body.data);
    }
  });

  it("is decoded in place without harm to others of the request", async () => {
    const files = await Promise.all(OTHERS.map((name) => readFile(join(PICTURES, name))));
    const asked = async (written: (file: Buffer, index: number) => string): Promise<unknown> => {
      const images = files.map(written);
      return (await post(`${workers.url}/v1/classify`, { images, labels: ["a", "b"] })).body.data;
    };
    const expected = await asked((file) => file.toString("base64"));
    expect(expected).toHaveLength(OTHERS.length);
    expect(await asked(percentEncoded)).toEqual(expected);
    const mixed = (file: Buffer, index: number): string =>
      index % 2 === 0 ? percentEncoded(file) : file.toString("base64");
    expect(await asked(mixed)).toEqual(expected);
  });

  it.each([
    ["nonsense", () => classify("!".repeat(50_000)), "invalid_image", "images[0]"],
    [
      "nonsense in a data URI",
      () => classify(`data:image/png;base64,${"!".repeat(50_000)}`),
      "invalid_image",
      "images[0]",
    ],
    [
      "a broken percent escape",
      () => classify(`data:image/png,${"%41".repeat(30_000)}%4`),
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
