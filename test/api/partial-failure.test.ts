/** `on_error: "report"`: a picture that cannot be read has an error in its row, and the others have their answers. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MAX_FORM_FIELD_BYTES, MAX_IMAGE_BYTES } from "../../functions/gateway/limits.ts";
import * as responses from "../../functions/gateway/openapi/responses.ts";
import { type PictureServer, startPictureServer } from "../support/picture-server.ts";
import { type Answer, post } from "../support/post.ts";
import { request } from "../support/send-request.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

const LABELS = ["fox", "bus"];

let workers: Workers;
let server: PictureServer;
let fox: Buffer<ArrayBuffer>;
let image: string;
/** Pictures that are not read, and the codes of their errors. */
let bad: [picture: string, code: string][];

beforeAll(async () => {
  fox = Buffer.from(await readFile(join(import.meta.dirname, "../../examples/fox.png")));
  image = fox.toString("base64");
  server = await startPictureServer(fox);
  const bindings = { IMAGE_URL_ALLOWLIST: server.host };
  workers = await startWorkers({
    change: (name, options) =>
      name === "edgeclip" ? { ...options, bindings: { ...options.bindings, ...bindings } } : options,
  });
  bad = [
    ["!", "invalid_image"],
    [image.slice(0, 400), "invalid_image"],
    ["AAAA", "unsupported_image_format"],
    ["http://10.0.0.1/", "image_url_forbidden"],
    [`http://${server.host}/missing`, "image_fetch_failed"],
    [`http://${server.host}/long`, "image_too_large"],
  ];
});

afterAll(async () => {
  await workers.dispose();
  await server.close();
});

const send = (endpoint: string, body: object): Promise<Answer> =>
  post(`${workers.url}/v1/${endpoint}`, { on_error: "report", ...body });

/** The bad pictures, each before a good one. */
const mixed = (): string[] => bad.flatMap(([picture]) => [picture, image]);

const errorOf = (code: string, param: string): object => ({
  message: expect.stringMatching(new RegExp(`^${param.replace(/[[\]]/g, "\\$&")}: `)),
  type: "invalid_request_error",
  param,
  code,
});

/** A form with two files that are too large, between others. */
async function sendLarge(onError: string): ReturnType<typeof request> {
  const form = new FormData();
  form.append("labels", JSON.stringify(LABELS));
  // What looks like a boundary within a file is none.
  const dashes = Buffer.from("\r\n------\r\n".repeat(MAX_IMAGE_BYTES / 10 + 1));
  for (const file of [fox, dashes, new Uint8Array(MAX_IMAGE_BYTES + 1), fox]) {
    form.append("image", new Blob([file]), "a.png");
  }
  form.append("on_error", onError);
  return await request("POST", `${workers.url}/v1/classify`, form);
}

describe("classify", () => {
  it("answers the others as if they came alone", async () => {
    const alone = await send("classify", { image, labels: LABELS, on_error: "fail" });
    const { status, body } = await send("classify", { images: mixed(), labels: LABELS });
    expect(status).toBe(200);
    const expected = bad.flatMap(([, code], at) => [
      { object: "error", index: 2 * at, error: errorOf(code, `images[${2 * at}]`) },
      { ...alone.body.data[0], index: 2 * at + 1 },
    ]);
    expect(body.data).toEqual(expected);
    expect(body.usage.images).toBe(bad.length);
    expect(responses.classifyResponseSchema.parse(body)).toEqual(body);
  });

  it("fails at the first bad picture by default, as it says", async () => {
    for (const on_error of [undefined, null, "fail"]) {
      const { status, body } = await send("classify", { images: mixed(), labels: LABELS, on_error });
      expect([status, body.error.code]).toEqual([400, "invalid_image"]);
    }
  });

  it("answers 200 if all pictures are bad, in groups too", async () => {
    const { id } = (await request("POST", `${workers.url}/v1/label_sets`, { labels: LABELS })).body;
    for (const set of [id, [id, id]]) {
      const { status, body } = await send("classify", { images: ["AAAA", "AAAA"], label_set: set });
      expect(status).toBe(200);
      // The same bytes twice are one picture, with an error at each place.
      expect(body.data).toEqual(
        [0, 1].map((index) => ({
          object: "error",
          index,
          error: errorOf("unsupported_image_format", `images[${index}]`),
        })),
      );
      expect(body.usage).toMatchObject({ images: 0, cached_images: 0 });
    }
  });

  it("does not report what concerns the whole request", async () => {
    const cases: [body: object, status: number, code: string][] = [
      [{ images: [image, ""] }, 400, "empty_input"],
      [{ images: Array(17).fill("AAAA") }, 400, "too_many_items"],
      [{ images: [{ file_id: `file-${"0".repeat(32)}` }, image] }, 404, "file_not_found"],
      [{ images: [image], on_error: "ignore" }, 400, "invalid_type"],
    ];
    for (const [body, status, code] of cases) {
      const answer = await send("classify", { labels: LABELS, ...body });
      expect([answer.status, answer.body.error?.code], JSON.stringify(body).slice(0, 99)).toEqual([
        status,
        code,
      ]);
    }
  });

  it("reports files of a form that are too large", async () => {
    const { status, body } = await sendLarge("report");
    expect(status).toBe(200);
    const [first, second, third, last] = body.data;
    expect([first.prediction, last.prediction]).toEqual(["fox", "fox"]);
    expect([second.error, third.error]).toEqual(
      [1, 2].map((index) => errorOf("image_too_large", `images[${index}]`)),
    );
  });

  it("counts files of a form that cannot be read, as those that can", async () => {
    const form = new FormData();
    form.set("labels", LABELS.join());
    for (let i = 0; i < 17; i++) form.append("image", new File([], `${i}.png`));
    form.set("on_error", "report");
    const { status, body } = await request("POST", `${workers.url}/v1/classify`, form);
    expect(status).toBe(400);
    expect(body.error).toMatchObject({ code: "too_many_items", param: "images[16]" });
  });

  it("names the first file of a form that is too large, and its length", async () => {
    const { status, body } = await sendLarge("fail");
    expect([status, body.error]).toEqual([400, errorOf("image_too_large", "images[1]")]);
    expect(body.error.message).toContain(`${MAX_IMAGE_BYTES + 10} bytes`);
  });

  it("says that text is too long before all of it has arrived", async () => {
    const form = new FormData();
    form.append("labels", "a".repeat(MAX_FORM_FIELD_BYTES + 1));
    const { status, body } = await request("POST", `${workers.url}/v1/classify`, form);
    expect([status, body.error.code]).toEqual([413, "request_too_large"]);
  });

  it.each(["before", "after"])("reports files of a form, with the field %s them", async (place) => {
    const form = new FormData();
    if (place === "before") form.append("on_error", "report");
    form.append("labels", JSON.stringify(LABELS));
    for (const file of [new Uint8Array(), fox.subarray(0, 300), fox, Buffer.from("<p>a page</p>")]) {
      form.append("image", new Blob([file]), "a.png");
    }
    if (place === "after") form.append("on_error", "report");
    const { status, body } = await request("POST", `${workers.url}/v1/classify`, form);
    expect(status).toBe(200);
    expect(body.data).toMatchObject([
      { error: errorOf("invalid_image", "images[0]") },
      { error: errorOf("invalid_image", "images[1]") },
      { index: 2, prediction: "fox" },
      { error: errorOf("unsupported_image_format", "images[3]") },
    ]);
  });
});

it("similarity has the same rows; a vector of another width still fails", async () => {
  const alone = await send("similarity", { image, texts: LABELS });
  const { status, body } = await send("similarity", { images: ["!", image], texts: LABELS });
  expect(status).toBe(200);
  expect(body.data).toEqual([
    { object: "error", index: 0, error: errorOf("invalid_image", "images[0]") },
    { ...alone.body.data[0], index: 1 },
  ]);
  expect(responses.similarityResponseSchema.parse(body)).toEqual(body);
  const vector = await send("similarity", { images: [{ embedding: [1] }, image], texts: LABELS });
  expect([vector.status, vector.body.error.code]).toEqual([400, "unsupported_dimensions"]);
});

describe("embeddings", () => {
  it("keeps the row's shape, with an empty vector", async () => {
    const alone = await send("embeddings", { input: [{ image }] });
    const input = ["a fox", { image: "!" }, { image }];
    const { status, body } = await send("embeddings", { input });
    expect(status).toBe(200);
    expect(body.data[1]).toEqual({
      object: "embedding",
      index: 1,
      embedding: [],
      truncated: false,
      error: errorOf("invalid_image", "input[1]"),
    });
    expect(body.data[2].embedding).toEqual(alone.body.data[0].embedding);
    expect(responses.embeddingsResponseSchema.parse(body)).toEqual(body);
  });

  it("is read by the openai SDK, which asks for base64", async () => {
    const client = new OpenAI({ baseURL: `${workers.url}/v1`, apiKey: "sk-none", maxRetries: 0 });
    const input = [{ image: "AAAA" }, { image }] as unknown as string[];
    const extra = { on_error: "report" };
    const { data } = await client.embeddings.create({ model: "edgeclip/demo", input, ...extra });
    expect(data.map(({ embedding }) => embedding.length)).toEqual([0, 128]);
    expect(data[0]).toMatchObject({ error: errorOf("unsupported_image_format", "input[0]") });
  });
});
