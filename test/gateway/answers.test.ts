/** The API's answers through HTTP, with every way to send a picture. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exampleBase64 } from "../support/example-pictures.ts";
import { post } from "../support/post.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

const LABELS = ["fox", "bus", "grapes", "alarm clock"];

let workers: Workers;
let fox: string;

beforeAll(async () => {
  workers = await startWorkers();
  fox = await exampleBase64("fox.png");
});

afterAll(async () => {
  await workers.dispose();
});

const percentEncoded = (base64: string): string =>
  [...Buffer.from(base64, "base64")].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");

describe("POST /v1/classify", () => {
  it("answers in the contract's shape", async () => {
    const { status, headers, body } = await post(`${workers.url}/v1/classify`, {
      image: fox,
      labels: LABELS,
      top_k: 2,
    });
    expect(status).toBe(200);
    expect(headers.get("server-timing")).toMatch(/total;dur=\d/);
    expect(headers.get("openai-processing-ms")).toMatch(/^\d+$/);
    expect(body).toMatchObject({
      id: expect.stringMatching(/^cls_[0-9a-f]{24}$/),
      object: "list",
      model: "edgeclip/demo",
      revision: workers.prefix.split("/")[1],
      data: [{ object: "classification", index: 0, prediction: "fox" }],
      usage: { images: 1, cached_images: 0 },
    });
    const [row] = body.data;
    expect(row.predictions).toHaveLength(2);
    expect(row.score).toBe(row.predictions[0].score);
    expect(row.score).toBeGreaterThan(0.9);
  });

  it.each([
    ["a data URI", (base64: string) => `data:image/png;base64,${base64}`],
    ["a percent-encoded data URI", (base64: string) => `data:image/png,${percentEncoded(base64)}`],
    [
      "URL-safe base64",
      (base64: string) => base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", ""),
    ],
    ["base64 in lines", (base64: string) => base64.replaceAll(/(.{76})/g, "$1\r\n")],
    ["an object", (base64: string) => ({ image: base64 })],
    [
      "a content part",
      (base64: string) => ({ type: "image_url", image_url: { url: `data:;base64,${base64}` } }),
    ],
  ])("takes a picture as %s", async (_, reference) => {
    const { body } = await post(`${workers.url}/v1/classify`, { images: [reference(fox)], labels: LABELS });
    expect(body.data?.[0].prediction, JSON.stringify(body)).toBe("fox");
  });

  it("takes multipart, repeated files and fields", async () => {
    const form = new FormData();
    for (const name of ["fox.png", "grapes.png"]) {
      form.append(
        "image",
        new Blob([await readFile(join(import.meta.dirname, "../../examples", name))]),
        name,
      );
    }
    for (const label of LABELS) form.append("labels", label);
    form.append("top_k", "1");
    const response = await fetch(`${workers.url}/v1/classify`, { method: "POST", body: form });
    const body = (await response.json()) as { data: { prediction: string; predictions: unknown[] }[] };
    expect(body.data.map(({ prediction }) => prediction)).toEqual(["fox", "grapes"]);
    expect(body.data[0]?.predictions).toHaveLength(1);
  });

  it("takes a template set by name in multipart", async () => {
    const form = new FormData();
    const file = await readFile(join(import.meta.dirname, "../../examples/fox.png"));
    form.append("image", new Blob([file]), "fox.png");
    form.append("labels", JSON.stringify(LABELS));
    form.append("templates", "openai-7");
    const response = await fetch(`${workers.url}/v1/classify`, { method: "POST", body: form });
    const { body } = await post(`${workers.url}/v1/classify`, {
      image: fox,
      labels: LABELS,
      templates: "openai-7",
    });
    expect(((await response.json()) as { data: unknown }).data).toEqual(body.data);
  });

  it("scores over the whole set before it filters", async () => {
    const request = { image: fox, labels: LABELS, top_k: 4 };
    const all = (await post(`${workers.url}/v1/classify`, request)).body.data[0];
    const some = (await post(`${workers.url}/v1/classify`, { ...request, min_similarity: 0.5 })).body.data[0];
    expect(all.predictions.reduce((sum: number, { score }: { score: number }) => sum + score, 0)).toBeCloseTo(
      1,
      6,
    );
    expect(some.predictions).toEqual(
      all.predictions.filter(({ similarity }: { similarity: number }) => similarity >= 0.5),
    );
    const none = (await post(`${workers.url}/v1/classify`, { ...request, min_similarity: 1 })).body.data[0];
    expect(none).toMatchObject({ prediction: null, score: null, predictions: [] });
  });

  it("gives a picture the same scores alone and with others", async () => {
    const grapes = await exampleBase64("grapes.png");
    const alone = (await post(`${workers.url}/v1/classify`, { image: fox, labels: LABELS })).body.data[0];
    const together = (await post(`${workers.url}/v1/classify`, { images: [grapes, fox], labels: LABELS }))
      .body.data[1];
    expect(together.predictions).toEqual(alone.predictions);
  });

  it("takes prompts, several templates and independent scores", async () => {
    const { body } = await post(`${workers.url}/v1/classify`, {
      image: fox,
      labels: [{ label: "animal", prompts: ["a picture of a fox", "fox"] }, "bus"],
      templates: "openai-7",
      multi_label: true,
    });
    expect(body.data[0].prediction).toBe("animal");
    // 2 prompts, 7 templates around "bus", and the default negative prompt.
    const scores = body.data[0].predictions.map(({ score }: { score: number }) => score);
    expect(scores[0]).toBeGreaterThan(0.5);
    expect(scores[1]).toBeLessThan(scores[0]);
  });

  it("computes a label once: the second time its tokens are cached", async () => {
    const request = { image: fox, labels: ["unseen so far", "fox"] };
    const first = (await post(`${workers.url}/v1/classify`, request)).body.usage;
    const second = await post(`${workers.url}/v1/classify`, request);
    expect(first.prompt_tokens_details.cached_tokens).toBeLessThan(first.prompt_tokens);
    expect(second.body.usage.prompt_tokens_details.cached_tokens).toBe(first.prompt_tokens);
    expect(second.headers.get("server-timing")).not.toContain("text;");
  });
});

describe("POST /v1/similarity", () => {
  it("compares every picture with every text, in order", async () => {
    const texts = ["a picture of grapes", "a picture of fox", "cat ".repeat(100)];
    const { body } = await post(`${workers.url}/v1/similarity`, { image: fox, texts });
    const { scores } = body.data[0];
    expect(scores.map(({ text }: { text: string }) => text)).toEqual(texts);
    expect(scores.map(({ truncated }: { truncated: boolean }) => truncated)).toEqual([false, false, true]);
    expect(scores[1].similarity).toBeGreaterThan(scores[0].similarity);
    expect(scores[1].logit / scores[1].similarity).toBeCloseTo(scores[0].logit / scores[0].similarity, 4);
  });
});

describe("GET", () => {
  it.each(["edgeclip/demo", "edgeclip%2Fdemo", "edgeclip-demo"])("/v1/models/%s", async (id) => {
    const response = await fetch(`${workers.url}/v1/models/${id}`);
    expect(await response.json()).toMatchObject({ id: "edgeclip/demo", object: "model", image_size: 64 });
  });

  it("/v1/models lists it", async () => {
    const response = await fetch(`${workers.url}/v1/models`);
    expect(await response.json()).toMatchObject({ object: "list", data: [{ id: "edgeclip/demo" }] });
  });

  it("/healthz answers, and a well-formed request id is kept", async () => {
    const response = await fetch(`${workers.url}/healthz`, { headers: { "x-request-id": "mine-1" } });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-request-id")).toBe("mine-1");
  });
});
