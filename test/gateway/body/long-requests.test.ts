/**
 * A long request is processed in steps, with pauses in which other requests are answered. The test counts those
 * requests and measures no time.
 */
import { request as httpRequest } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exampleBase64 } from "../../support/example-pictures.ts";
import { startWorkers, type Workers } from "../../support/workers.ts";

/** Longest text allowed. */
const LONGEST = 8192;
/**
 * Each of these bodies needs more than twenty pauses; without pauses, one or two other requests would be answered in
 * all.
 */
const ANSWERED = 5;

const filled = (unit: string): string => unit.repeat(LONGEST / unit.length);
const references = filled("&#x1f600;").slice(0, 8172);
const fullWidth = filled("\uff01\uff21").slice(0, 8172);
const texts = (count: number, text: string): string[] =>
  Array.from({ length: count }, (_, i) => `${text}${i}`);

let workers: Workers;
let image: string;

beforeAll(async () => {
  workers = await startWorkers();
  image = await exampleBase64("fox.png");
  // Send one request first, so that the isolate's start is not counted.
  await answeredDuring("/v1/classify", { image, labels: ["fox", "rabbit"] });
});

afterAll(async () => {
  await workers.dispose();
});

/** How often `/healthz` was answered between the last byte of a request and its answer. */
async function answeredDuring(
  path: string,
  body: object | string,
): Promise<{ answered: number; status: number; text: string }> {
  const bytes = Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  const sent = Promise.withResolvers<void>();
  let isOver = false;
  const answer = new Promise<{ status: number; text: string }>((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": bytes.length };
    const outgoing = httpRequest(workers.url + path, { method: "POST", headers }, (incoming) => {
      const pieces: Buffer[] = [];
      incoming.on("data", (piece: Buffer) => pieces.push(piece));
      incoming.on("end", () =>
        resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(pieces).toString() }),
      );
    });
    outgoing.on("error", reject).on("finish", () => sent.resolve());
    outgoing.end(bytes);
  }).finally(() => {
    isOver = true;
  });
  await sent.promise;
  let answered = 0;
  for (;;) {
    await (await fetch(`${workers.url}/healthz`)).text();
    if (isOver) return { answered, ...(await answer) };
    answered++;
  }
}

describe("others are answered while the gateway checks", () => {
  it.each([
    [
      "labels, with the last one repeated",
      "/v1/classify",
      () => ({ image, labels: [...texts(500, references), "a", "A"] }),
      "duplicate_label",
    ],
    [
      "labels of a set",
      "/v1/label_sets",
      () => ({ labels: [...texts(500, fullWidth), "a", "A"] }),
      "duplicate_label",
    ],
    [
      "prompts of labels",
      "/v1/classify",
      () => ({
        image,
        labels: [
          ...texts(5, "label").map((label) => ({ label, prompts: texts(99, references) })),
          { label: "last", prompts: ["&#32;"] },
        ],
      }),
      "empty_input",
    ],
    [
      "texts to embed",
      "/v1/embeddings",
      () => ({ input: [...texts(500, references), "&#32;"] }),
      "empty_input",
    ],
    [
      "texts to compare",
      "/v1/similarity",
      () => ({ image, texts: [...texts(500, references), "&#32;"] }),
      "empty_input",
    ],
    [
      "documents to rank",
      "/v1/rerank",
      () => ({ query: "a", documents: [...texts(500, references), { text: "&#32;" }] }),
      "empty_input",
    ],
    [
      "values of vectors",
      "/v1/rerank",
      () => ({
        query: "a",
        documents: [
          ...Array.from({ length: 900 }, () => ({ embedding: Array<number>(640).fill(0.5) })),
          { text: " " },
        ],
      }),
      "empty_input",
    ],
    [
      "objects with nulls",
      "/v1/label_sets",
      () => ({
        labels: texts(9000, "label").map((label) => ({
          label,
          prompts: texts(20, label),
          min_similarity: null,
        })),
        negative: [""],
      }),
      "empty_input",
    ],
  ])("%s", async (_, path, body, code) => {
    const { answered, text } = await answeredDuring(path, body());
    expect(text).toContain(code);
    expect(answered).toBeGreaterThan(ANSWERED);
  });
});
