/**
 * `POST /v1/embeddings` and `/v1/rerank`: through the real OpenAI SDK, and with requests like those of Jina, Cohere and
 * vLLM clients.
 */
import OpenAI, { APIError, BadRequestError, NotFoundError } from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exampleBase64 } from "../support/example-pictures.ts";
import { type Answer, post } from "../support/post.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

let workers: Workers;
let client: OpenAI;
let fox: string;
let dress: string;
let width: number;

beforeAll(async () => {
  workers = await startWorkers();
  client = new OpenAI({ baseURL: `${workers.url}/v1`, apiKey: "sk-none", maxRetries: 0 });
  [fox, dress] = await Promise.all([exampleBase64("fox.png"), exampleBase64("dress.png")]);
  const model = (await client.models.retrieve("edgeclip-demo")) as unknown as { embedding_width: number };
  width = model.embedding_width;
});

afterAll(async () => {
  await workers.dispose();
});

const dot = (a: number[], b: number[]): number => a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
const embed = (body: object): Promise<Answer> => post(`${workers.url}/v1/embeddings`, body);
const rerank = (body: object): Promise<Answer> => post(`${workers.url}/v1/rerank`, body);

describe("the OpenAI SDK", () => {
  it("gets the same bits in base64, which it asks for, and in floats", async () => {
    const model = "edgeclip/demo";
    const input = ["a fox", "a dress", "a fox"];
    const base64 = await client.embeddings.create({ model, input });
    const float = await client.embeddings.create({ model, input, encoding_format: "float" });
    expect(base64.object).toBe("list");
    expect(base64.data.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(base64.data.map(({ embedding }) => [...embedding])).toEqual(
      float.data.map(({ embedding }) => embedding),
    );
    for (const { embedding } of float.data) {
      expect(embedding).toHaveLength(width);
      expect(dot(embedding, embedding)).toBeCloseTo(1, 6);
    }
    expect(float.data[0]?.embedding).toEqual(float.data[2]?.embedding);
    expect(base64.usage.prompt_tokens).toBeGreaterThan(0);
    expect(float.usage.total_tokens).toBe(base64.usage.total_tokens);
    expect(base64).toMatchObject({ model, revision: workers.prefix.split("/")[1] });
  });

  it("lists models, and retrieves them by id and by alias", async () => {
    const models = [];
    for await (const model of client.models.list()) models.push(model);
    expect(models).toHaveLength(1);
    expect(models[0]).toMatchObject({ id: "edgeclip/demo", object: "model", embedding_width: width });
    // The time at which the test put it into R2, in seconds.
    expect(Math.abs((models[0]?.created ?? 0) - Date.now() / 1000)).toBeLessThan(3600);
    expect(await client.models.retrieve("edgeclip/demo")).toEqual(models[0]);
    expect(await client.models.retrieve("edgeclip-demo")).toEqual(models[0]);
  });

  it("maps refusals to its own errors, with the request's id", async () => {
    const { _request_id: id } = await client.embeddings.create({ model: "edgeclip-demo", input: "a" });
    expect(id).toMatch(/^req_/);
    const unknown = await client.embeddings
      .create({ model: "gpt-5", input: "a" })
      .catch((error: unknown) => error);
    expect(unknown).toBeInstanceOf(NotFoundError);
    expect(unknown).toMatchObject({
      code: "model_not_found",
      param: "model",
      requestID: expect.stringMatching(/^req_/),
    });
    const empty = await client.embeddings
      .create({ model: "edgeclip-demo", input: "" })
      .catch((error: unknown) => error);
    expect(empty).toBeInstanceOf(BadRequestError);
    expect(empty).toMatchObject({
      status: 400,
      code: "empty_input",
      type: "invalid_request_error",
      param: "input",
    });
    expect(empty).toBeInstanceOf(APIError);
  });

  it("is told why token ids are refused", async () => {
    for (const input of [
      [1, 2, 3],
      [[1, 2], [3]],
    ]) {
      const error = await client.embeddings
        .create({ model: "edgeclip-demo", input: input as number[] })
        .catch((refusal: unknown) => refusal);
      expect(error).toMatchObject({
        code: "invalid_type",
        message: expect.stringContaining("send the text"),
      });
    }
  });
});

describe("POST /v1/embeddings", () => {
  it("takes texts and pictures, and a picture is near its text", async () => {
    const { status, body } = await embed({
      input: [
        "a photo of a fox.",
        { image: fox },
        { type: "image_url", image_url: { url: `data:image/png;base64,${dress}` } },
        { text: "a photo of a dress." },
      ],
    });
    expect(status).toBe(200);
    const [foxText, foxImage, dressImage, dressText] = body.data.map(
      ({ embedding }: { embedding: number[] }) => embedding,
    );
    expect(dot(foxText, foxImage)).toBeGreaterThan(dot(foxText, dressImage));
    expect(dot(dressText, dressImage)).toBeGreaterThan(dot(dressText, foxImage));
    expect(body.usage).toMatchObject({ images: 2, cached_images: 0 });
  });

  it("says which texts were longer than the model reads", async () => {
    const long = "a photo of a fox ".repeat(400);
    const { body } = await embed({ input: [long, "a fox", `${long} and a bus`, { image: fox }] });
    const rows = body.data as { truncated: boolean; embedding: number[] }[];
    expect(rows.map(({ truncated }) => truncated)).toEqual([true, false, true, false]);
    // The part that was cut does not affect the vector.
    expect(rows[0]?.embedding).toEqual(rows[2]?.embedding);
    const ranked = await rerank({ query: "a fox", documents: ["a fox", long] });
    expect(ranked.body.results.map(({ truncated }: { truncated: boolean }) => truncated)).toEqual([
      false,
      true,
    ]);
  });

  it(
    "takes 2,048 new texts at once, and every vector is that of the text alone",
    { timeout: 240_000 },
    async () => {
      const input = Array.from({ length: 2048 }, (_, i) => `text ${i} of many`);
      const many = await client.embeddings.create({ model: "edgeclip-demo", input });
      expect(many.data.map(({ index }) => index)).toEqual(input.map((_, i) => i));
      for (const index of [0, 15, 16, 17, 1000, 2047]) {
        const alone = await client.embeddings.create({ model: "edgeclip-demo", input: input[index] ?? "" });
        expect(many.data[index]?.embedding).toEqual(alone.data[0]?.embedding);
      }
    },
  );

  it("takes a plain string for a text, even if it looks like a picture", async () => {
    const { body } = await embed({ input: "https://example.com/fox.png" });
    expect(body.usage.images).toBe(0);
  });

  it("makes one vector of messages", async () => {
    const text = await embed({ messages: [{ role: "user", content: "a fox" }] });
    expect(text.body.data).toEqual((await embed({ input: "a fox" })).body.data);
    const parts = [{ type: "image_url", image_url: { url: fox } }];
    const image = await embed({ messages: [{ role: "user", content: parts }] });
    expect(image.body.data).toEqual((await embed({ input: { image: fox } })).body.data);
  });

  it.each([
    ["neither input nor messages", {}, "missing_field", "input"],
    ["both", { input: "a", messages: [{ role: "user", content: "a" }] }, "invalid_type", "input"],
    ["an empty list", { input: [] }, "empty_input", "input"],
    ["an empty text in a list", { input: ["a", ""] }, "empty_input", "input[1]"],
    ["a text too long", { input: "a".repeat(8193) }, "too_long", "input"],
    ["a broken picture", { input: ["a", { image: "AAAA" }] }, "unsupported_image_format", "input[1]"],
    ["an object of unknown kind", { input: [{ video: "a" }] }, "invalid_type", "input[0]"],
    ["other dimensions", { input: "a", dimensions: 7 }, "unsupported_dimensions", "dimensions"],
    ["another format", { input: "a", encoding_format: "hex" }, "invalid_type", "encoding_format"],
    ["messages without content", { messages: [{ role: "user", content: [] }] }, "invalid_type", "messages"],
  ])("refuses %s", async (_, request, code, param) => {
    const { status, body } = await embed(request);
    expect(body.error).toMatchObject({ code, param });
    expect(status).toBe(400);
  });

  it("counts pictures, not texts, against their limit", async () => {
    const input = Array.from({ length: 17 }, () => ({ image: fox }));
    expect((await embed({ input })).body.error).toMatchObject({ code: "too_many_items", param: "input" });
    expect((await embed({ input: Array.from({ length: 2049 }, () => "a") })).body.error.code).toBe(
      "too_many_items",
    );
    expect((await embed({ input: [...input.slice(1), "a", "b", "c"] })).status).toBe(200);
  });

  it("takes JSON only", async () => {
    const form = new FormData();
    form.append("input", "a");
    const response = await fetch(`${workers.url}/v1/embeddings`, { method: "POST", body: form });
    expect(response.status).toBe(415);
  });
});

describe("POST /v1/rerank", () => {
  it("sorts pictures by a text", async () => {
    const { status, body } = await rerank({
      query: "a photo of a fox.",
      documents: [{ image: dress }, { image: fox }],
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ model: "edgeclip/demo", revision: workers.prefix.split("/")[1] });
    expect(body.results.map(({ index }: { index: number }) => index)).toEqual([1, 0]);
    expect(body.results[0].relevance_score).toBeGreaterThan(body.results[1].relevance_score);
    expect(body.results[0]).not.toHaveProperty("document");
    expect(body.usage.images).toBe(2);
  });

  it("sorts texts by a picture, and returns what was sent if asked to", async () => {
    const best = { text: "a photo of a fox.", title: "A fox", tags: [{ id: 7 }, null], text_length: null };
    const documents = ["a photo of a dress.", best];
    const { body } = await rerank({ query: { image: fox }, documents, top_n: 1, return_documents: true });
    expect(body.results).toEqual([
      {
        index: 1,
        relevance_score: expect.any(Number),
        truncated: false,
        document: best,
      },
    ]);
    const all = await rerank({ query: { image: fox }, documents, return_documents: true });
    expect(all.body.results[1].document).toEqual({ text: documents[0] });
  });

  it("does not send long pictures back", async () => {
    const long = `data:image/png;base64,${fox}${" ".repeat(100_000)}`;
    const documents = [{ image: long }, { image: `data:image/png;base64,${fox}` }];
    const { status, body } = await rerank({ query: "a fox", documents, return_documents: true });
    expect(status).toBe(200);
    const byIndex = body.results.toSorted((a: { index: number }, b: { index: number }) => a.index - b.index);
    expect(byIndex.map(({ document }: { document: object }) => document)).toEqual([
      { image: null },
      documents[1],
    ]);
  });

  it("compares vectors that were kept, of any norm, as if they were computed", async () => {
    const { body } = await embed({ input: [{ image: fox }, { image: dress }] });
    const kept = body.data.map(({ embedding }: { embedding: number[] }) =>
      embedding.map((value) => 7e200 * value),
    );
    const fresh = await rerank({ query: "a fox", documents: [{ image: fox }, { image: dress }] });
    const stored = await rerank({
      query: "a fox",
      documents: kept.map((embedding: number[]) => ({ embedding })),
    });
    for (const [i, { index, relevance_score: score }] of stored.body.results.entries()) {
      expect(index).toBe(fresh.body.results[i].index);
      expect(score).toBeCloseTo(fresh.body.results[i].relevance_score, 6);
    }
    expect(stored.body.usage.images).toBe(0);
  });

  it.each([
    ["no query", { documents: ["a"] }, "missing_field", "query"],
    ["no documents", { query: "a", documents: [] }, "empty_input", "documents"],
    [
      "too many",
      { query: "a", documents: Array.from({ length: 1001 }, () => "a") },
      "too_many_items",
      "documents",
    ],
    [
      "a short vector",
      { query: "a", documents: ["b", { embedding: [1] }] },
      "unsupported_dimensions",
      "documents[1].embedding",
    ],
    [
      "a vector of words",
      { query: { embedding: ["a"] }, documents: ["b"] },
      "invalid_type",
      "query.embedding[0]",
    ],
    ["a broken picture", { query: { image: "AAAA" }, documents: ["b"] }, "unsupported_image_format", "query"],
    ["top_n of 0", { query: "a", documents: ["b"], top_n: 0 }, "invalid_type", "top_n"],
  ])("refuses %s", async (_, request, code, param) => {
    const { status, body } = await rerank(request);
    expect(body.error).toMatchObject({ code, param });
    expect(status).toBe(400);
  });

  it("refuses a vector of zeros, which has no direction", async () => {
    const { body } = await rerank({
      query: { embedding: Array.from({ length: width }, () => 0) },
      documents: ["a"],
    });
    expect(body.error).toMatchObject({ code: "invalid_type", param: "query.embedding" });
  });
});

describe("POST /v1/similarity", () => {
  it("compares kept vectors with pictures and texts", async () => {
    const { body } = await embed({ input: [{ image: fox }, "a fox"] });
    const [image, text] = body.data.map(({ embedding }: { embedding: number[] }) => ({ embedding }));
    const fresh = await post(`${workers.url}/v1/similarity`, { images: [fox], texts: ["a fox", "a bus"] });
    const kept = await post(`${workers.url}/v1/similarity`, { images: [image, fox], texts: [text, "a bus"] });
    expect(kept.status).toBe(200);
    for (const row of kept.body.data) {
      expect(row.scores.map((score: { text: string | null }) => score.text)).toEqual([null, "a bus"]);
      for (const [i, { similarity }] of row.scores.entries()) {
        expect(similarity).toBeCloseTo(fresh.body.data[0].scores[i].similarity, 6);
      }
    }
  });
});

describe("a body as Jina's classifier takes it", () => {
  it("is answered", async () => {
    const { status, body } = await post(`${workers.url}/v1/classify`, {
      model: "edgeclip-demo",
      input: [{ image: fox }, { image: `data:image/png;base64,${dress}` }],
      labels: ["fox", "dress"],
    });
    expect(status).toBe(200);
    expect(
      body.data.map((row: { object: string; prediction: string }) => [row.object, row.prediction]),
    ).toEqual([
      ["classification", "fox"],
      ["classification", "dress"],
    ]);
  });
});
