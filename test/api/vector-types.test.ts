/** `output_dtype` and mixes of `POST /v1/embeddings`, compared with plain computations on its float vectors. */
import OpenAI, { BadRequestError } from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as responses from "../../functions/gateway/openapi/responses.ts";
import { int8Scale, toBytes } from "../../functions/gateway/vectors/output-type.ts";
import { mixVectors } from "../../functions/gateway/vectors/mix-vectors.ts";
import { random, unitVector } from "../support/random.ts";
import { exampleBase64 } from "../support/example-pictures.ts";
import { type Answer, post } from "../support/post.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

const WIDTH = 128;

let workers: Workers;
let fox: string;
let dress: string;

beforeAll(async () => {
  workers = await startWorkers();
  [fox, dress] = await Promise.all([exampleBase64("fox.png"), exampleBase64("dress.png")]);
});

afterAll(async () => {
  await workers.dispose();
});

const embed = (body: object): Promise<Answer> => post(`${workers.url}/v1/embeddings`, body);

async function vectors(input: unknown, fields: object = {}): Promise<number[][]> {
  const { status, body } = await embed({ input, ...fields });
  expect(status, JSON.stringify(body).slice(0, 300)).toBe(200);
  return (body.data as { embedding: number[] }[]).map(({ embedding }) => embedding);
}

/** The types as the reference describes them. */
const PLAIN: Record<string, (vector: readonly number[], scale: number) => number[]> = {
  int8: (vector, scale) =>
    vector.map((value) => {
      const rounded = Math.round((127 * value) / scale);
      return rounded > 127 ? 127 : rounded < -127 ? -127 : rounded + 0;
    }),
  uint8: (vector, scale) => (PLAIN["int8"]?.(vector, scale) ?? []).map((value) => value + 128),
  ubinary: (vector) =>
    Array.from({ length: Math.ceil(vector.length / 8) }, (_, byte) => {
      const bits = vector.slice(8 * byte, 8 * byte + 8).map((value) => (value > 0 ? "1" : "0"));
      return Number.parseInt(bits.join("").padEnd(8, "0"), 2);
    }),
  binary: (vector) => (PLAIN["ubinary"]?.(vector, 0) ?? []).map((value) => value - 128),
};
const TYPES = ["int8", "uint8", "binary", "ubinary"] as const;

describe.each(TYPES)("%s", (type) => {
  it.each([1, 2, 3])("is what the reference says, for any vector, seed %i", (seed) => {
    const next = random(seed);
    // 13 values do not fill their last byte.
    for (const width of [128, 640, 13]) {
      const vector = unitVector(width, next);
      vector[0] = 0;
      vector[1] = -0;
      vector[2] = 0.9;
      vector[3] = -0.9;
      const scale = 0.05 + next() / 10;
      expect([...toBytes(vector, type, scale)]).toEqual(PLAIN[type]?.([...vector], scale));
    }
  });

  it("has the same values as numbers and as bytes, whatever else is in the request", async () => {
    const input = [{ image: fox }, "a fox", { image: dress }];
    const float = await vectors(input);
    const scale = int8Scale({ embedding_width: WIDTH });
    const numbers = await vectors(input, { output_dtype: type });
    expect(numbers).toEqual(float.map((vector) => PLAIN[type]?.(vector, scale)));
    const { body } = await embed({ input, output_dtype: type, encoding_format: "bytes" });
    const isSigned = type === "int8" || type === "binary";
    const bytes = (body.data as { embedding: string }[]).map(({ embedding }) => {
      const raw = Buffer.from(embedding, "base64");
      return [...(isSigned ? new Int8Array(raw) : new Uint8Array(raw))];
    });
    expect(bytes).toEqual(numbers);
    expect(responses.embeddingsResponseSchema.parse(body)).toEqual(body);
    expect(await vectors([{ image: fox }], { output_dtype: type })).toEqual(numbers.slice(0, 1));
    expect(await vectors(["a dress", "a fox"], { output_dtype: type })).toEqual([
      expect.anything(),
      numbers[1],
    ]);
  });

  it("is refused in words as base64, which the SDK asks for unasked; as float the SDK takes it", async () => {
    const client = new OpenAI({ baseURL: `${workers.url}/v1`, apiKey: "sk-none", maxRetries: 0 });
    const request = { model: "edgeclip/demo", input: "a fox", output_dtype: type };
    const refusal = await client.embeddings.create(request).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(BadRequestError);
    expect(refusal).toMatchObject({ code: "invalid_value", param: "encoding_format" });
    expect(String(refusal)).toMatch(/base64 is float32.*send "float".*or "bytes"/);
    const { data } = await client.embeddings.create({ ...request, encoding_format: "float" });
    expect(data.map(({ embedding }) => embedding)).toEqual(await vectors("a fox", { output_dtype: type }));
  });
});

it("float as bytes is float as base64", async () => {
  const [bytes, base64] = await Promise.all(
    ["bytes", "base64"].map((encoding_format) => embed({ input: "a fox", encoding_format })),
  );
  expect(bytes?.body.data).toEqual(base64?.body.data);
});

it("refuses other types, and dimensions", async () => {
  for (const [body, code, param] of [
    [{ output_dtype: "int4" }, "invalid_type", "output_dtype"],
    [{ encoding_format: "hex" }, "invalid_type", "encoding_format"],
    [{ output_dtype: "binary", dimensions: 16 }, "unsupported_dimensions", "dimensions"],
  ] as const) {
    const answer = await embed({ input: "a", ...body });
    expect([answer.status, answer.body.error]).toMatchObject([400, { code, param }]);
  }
});

const text = (value: string, weight?: number): object => ({ type: "text", text: value, weight });
const picture = (url: string, weight?: number): object => ({
  type: "image_url",
  image_url: { url: `data:image/png;base64,${url}` },
  weight,
});

/** The unit vector of a weighted sum, in float64. */
function plainMix(parts: readonly (readonly [vector: readonly number[], weight: number])[]): number[] {
  const width = parts[0]?.[0].length ?? 0;
  const sum = Array.from({ length: width }, (_, i) =>
    parts.reduce((total, [vector, weight]) => total + weight * (vector[i] ?? 0), 0),
  );
  const length = Math.hypot(...sum);
  return sum.map((value) => value / length);
}

/** float32 keeps seven digits of values below 1. */
const TOLERANCE = 1e-6;

function distance(found: ArrayLike<number> | undefined, expected: readonly number[]): number {
  return Math.max(...expected.map((value, i) => Math.abs(value - (found?.[i] ?? Number.NaN))));
}

const texts = (count: number): object => ({ content: Array.from({ length: count }, () => text("a")) });
const pictures = (count: number): object => ({ content: Array.from({ length: count }, () => picture(fox)) });

it("the type may have vLLM's name", async () => {
  const input = ["a fox"];
  expect(await vectors(input, { embed_dtype: "int8" })).toEqual(
    await vectors(input, { output_dtype: "int8" }),
  );
  expect(await vectors(input, { embed_dtype: "float32" })).toEqual(await vectors(input));
  const cases: [fields: object, code: string][] = [
    [{ embed_dtype: "int8", output_dtype: "binary" }, "invalid_value"],
    [{ embed_dtype: "float16" }, "invalid_type"],
    [{ embed_dtype: "int8", encoding_format: "base64" }, "invalid_value"],
  ];
  for (const [fields, code] of cases) {
    const { status, body } = await embed({ input, ...fields });
    expect([status, body.error.code], JSON.stringify(fields)).toEqual([400, code]);
  }
});

it("the model says the scale of its int8 vectors", async () => {
  const answer = await fetch(`${workers.url}/v1/models/edgeclip-demo`);
  const body = (await answer.json()) as { int8_scale: number };
  const scale = body.int8_scale;
  expect(scale).toBe(int8Scale({ embedding_width: WIDTH }));
  const [float = []] = await vectors(["a fox"]);
  const [small = []] = await vectors(["a fox"], { output_dtype: "int8" });
  const error = float.map((value, i) => Math.abs(value - ((small[i] ?? 0) * scale) / 127));
  expect(Math.max(...error.filter((_, i) => Math.abs(float[i] ?? 0) < scale))).toBeLessThanOrEqual(
    scale / 254 + 1e-7,
  );
});

describe("a mix", () => {
  it.each([1, 2, 3, 4])("is the unit vector of its weighted sum, seed %i", (seed) => {
    const next = random(seed);
    const parts = Array.from({ length: 1 + Math.floor(next() * 5) }, () => ({
      vector: unitVector(64, next),
      weight: (next() - 0.5) * 10 ** (6 * next() - 3),
    }));
    const expected = plainMix(parts.map(({ vector, weight }) => [[...vector], weight]));
    expect(distance(mixVectors(parts), expected)).toBeLessThan(TOLERANCE);
    const tiny = parts.map(({ vector, weight }) => ({ vector, weight: weight * 1e-200 }));
    expect(distance(mixVectors(tiny), expected)).toBeLessThan(TOLERANCE);
  });

  it("mixes texts and pictures among other inputs, in every form of a picture", async () => {
    const [a, b, c] = (await vectors(["a fox", { image: fox }, "red"])) as [number[], number[], number[]];
    const mixes = [
      { content: [text("a fox"), picture(fox)] },
      { content: [picture(fox, 1), text("red", -0.5)] },
      { content: [{ image: fox, weight: 2 }, text("a fox", 0.25), text("red", 0)] },
      { content: [picture(fox, 7)] },
    ];
    const found = await vectors(["red", ...mixes, { image: fox }]);
    expect(
      distance(
        found[1],
        plainMix([
          [a, 1],
          [b, 1],
        ]),
      ),
    ).toBeLessThan(TOLERANCE);
    expect(
      distance(
        found[2],
        plainMix([
          [b, 1],
          [c, -0.5],
        ]),
      ),
    ).toBeLessThan(TOLERANCE);
    expect(
      distance(
        found[3],
        plainMix([
          [b, 2],
          [a, 0.25],
        ]),
      ),
    ).toBeLessThan(TOLERANCE);
    expect(distance(found[4], b)).toBeLessThan(TOLERANCE);
    expect([found[0], found[5]]).toEqual([c, b]);
    // Alone it is the same vector, to the bit.
    expect((await vectors(mixes[1]))[0]).toEqual(found[2]);
  });

  it("is what messages with texts and a picture give, with equal weights", async () => {
    const content = [{ type: "text", text: "a fox" }, picture(fox)];
    const { body } = await embed({ messages: [{ role: "user", content }] });
    expect(body.data).toHaveLength(1);
    expect(body.data[0].embedding).toEqual((await vectors({ content: [text("a fox"), picture(fox)] }))[0]);
  });

  it("counts its pictures and parts, and is refused as any input", async () => {
    const cases: [input: unknown, code: string, param: string][] = [
      [pictures(17), "too_many_items", "input"],
      [[pictures(9), pictures(8)], "too_many_items", "input"],
      [texts(65), "too_many_items", "input.content"],
      [Array.from({ length: 33 }, () => texts(64)), "too_many_items", "input"],
      [{ content: [] }, "empty_input", "input.content"],
      [["a", { content: [text("a", 1), text("a", -1)] }], "invalid_value", "input[1]"],
      [{ content: [text("a", 0)] }, "invalid_value", "input"],
      [{ content: [text("a", 1001)] }, "invalid_type", "input.content[0].weight"],
      [["a", { content: [text("a"), { image: "!" }] }], "invalid_image", "input[1].content[1]"],
      [{ content: [text(" ")] }, "empty_input", "input.content[0].text"],
    ];
    for (const [input, code, param] of cases) {
      const { status, body } = await embed({ input });
      expect([status, body.error], JSON.stringify(input).slice(0, 80)).toMatchObject([400, { code, param }]);
    }
    expect(await vectors([pictures(8), pictures(8)])).toHaveLength(2);
  });

  it("has the error of its picture, if errors are reported", async () => {
    const input = ["a fox", { content: [text("a"), { image: "AAAA" }] }];
    const { status, body } = await embed({ input, on_error: "report" });
    expect(status).toBe(200);
    expect(body.data[1]).toMatchObject({
      embedding: [],
      error: { code: "unsupported_image_format", param: "input[1].content[1]" },
    });
  });
});
