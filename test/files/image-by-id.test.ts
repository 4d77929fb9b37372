/** A picture named by a file's id: one read of R2, and otherwise what a data URI costs. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COUNTER, throughCounter } from "../support/call-counter.ts";
import { exampleBase64 } from "../support/example-pictures.ts";
import { request } from "../support/send-request.ts";
import { startWorkers, type Workers } from "../support/workers.ts";
import { behindFaultyFiles, FAULTY_FILES } from "./support/faulty-files.ts";
import { uploadFile } from "./support/upload-file.ts";

const labels = ["fox", "rabbit", "bus", "grapes"];

let workers: Workers;
let base64: string;
let id: string;

beforeAll(async () => {
  workers = await startWorkers({
    add: [COUNTER, FAULTY_FILES],
    change: (name, options) => behindFaultyFiles(name === "edgeclip" ? throughCounter(options) : options),
  });
  base64 = await exampleBase64("fox.png");
  const bytes = new Uint8Array(Buffer.from(base64, "base64"));
  id = (await uploadFile(workers.url, { bytes })).body.id;
});

afterAll(async () => {
  await workers.dispose();
});

/** What an instrument has counted since it was asked last. */
async function counted(name: "counter" | "faulty-files"): Promise<string[]> {
  return (await (await fetch(await workers.miniflare.unsafeGetDirectURL(name))).json()) as string[];
}

async function classify(image: unknown): Promise<{ data: unknown; reads: string[]; calls: string[] }> {
  await Promise.all([counted("counter"), counted("faulty-files")]);
  const { status, body } = await request("POST", `${workers.url}/v1/classify`, { image, labels });
  expect(status).toBe(200);
  return { data: body.data, reads: await counted("faulty-files"), calls: await counted("counter") };
}

describe("a picture by file_id", () => {
  it("costs one read of R2, and no more than a data URI otherwise", async () => {
    await classify({ image: base64 });
    const inline = await classify(`data:image/png;base64,${base64}`);
    expect(inline).toMatchObject({ reads: [], calls: ["DECODER.decode", "VISION.embedPixels"] });
    const stored = await classify({ file_id: id });
    expect(stored).toEqual({ ...inline, reads: ["get"] });
    expect(await classify({ type: "input_image", file_id: id })).toEqual(stored);
  });

  it("does so also for one of several files with the same bytes", async () => {
    const bytes = new Uint8Array(Buffer.from(base64, "base64"));
    const { body } = await uploadFile(workers.url, { bytes });
    expect((await classify({ file_id: body.id })).reads).toEqual(["get"]);
    await request("DELETE", `${workers.url}/v1/files/${body.id}`);
    expect((await classify({ file_id: id })).reads).toEqual(["get"]);
    const gone = await request("POST", `${workers.url}/v1/classify`, { image: { file_id: body.id }, labels });
    expect([gone.status, gone.body.error.code]).toEqual([404, "file_not_found"]);
  });

  it("twice in a request is read once", async () => {
    await counted("faulty-files");
    const images = [{ file_id: id }, { image: base64 }, { file_id: id }];
    const { body } = await request("POST", `${workers.url}/v1/classify`, { images, labels });
    expect(body.data.map(({ prediction }: { prediction: string }) => prediction)).toEqual([
      "fox",
      "fox",
      "fox",
    ]);
    expect(await counted("faulty-files")).toEqual(["get"]);
  });

  it("is taken by every endpoint that takes pictures", async () => {
    const part = { type: "input_image", file_id: id };
    const vector = async (input: unknown): Promise<number[]> => {
      const { body } = await request("POST", `${workers.url}/v1/embeddings`, { input });
      return body.data[0].embedding;
    };
    const expected = await vector([{ image: base64 }]);
    expect(await vector([{ file_id: id }])).toEqual(expected);
    expect(await vector(part)).toEqual(expected);
    const messages = [{ role: "user", content: [part] }];
    const message = await request("POST", `${workers.url}/v1/embeddings`, { messages });
    expect(message.body.data[0].embedding).toEqual(expected);
    const images = [{ file_id: id }];
    const similarity = await request("POST", `${workers.url}/v1/similarity`, { images, texts: ["fox"] });
    expect(similarity.status).toBe(200);
    const ranking = { query: "fox", documents: [{ file_id: id }], return_documents: true };
    const rerank = await request("POST", `${workers.url}/v1/rerank`, ranking);
    expect(rerank.body.results[0].document).toEqual({ file_id: id });
    const form = new FormData();
    form.append("images", JSON.stringify({ file_id: id }));
    form.append("labels", JSON.stringify(labels));
    const formed = await request("POST", `${workers.url}/v1/classify`, form);
    expect(formed.body.data[0].prediction).toBe("fox");
  });

  it("that is not there, or no picture, is the caller's mistake", async () => {
    const text = (await uploadFile(workers.url, { bytes: "no picture" })).body.id;
    const large = (await uploadFile(workers.url, { bytes: new Uint8Array(21e6), purpose: "batch" })).body.id;
    for (const [file_id, status, code] of [
      [text, 400, "unsupported_image_format"],
      [large, 400, "image_too_large"],
      [`${id.slice(0, -2)}AA`, 404, "file_not_found"],
      ["file-", 404, "file_not_found"],
      ["../../x", 404, "file_not_found"],
      ["x".repeat(1000), 400, "too_long"],
      [7, 400, "invalid_type"],
    ] as const) {
      const question = { images: [{ file_id }], labels };
      const answer = await request("POST", `${workers.url}/v1/classify`, question);
      expect([file_id, answer.status, answer.body.error.code]).toEqual([file_id, status, code]);
      expect(answer.body.error.param).toMatch(/^images\[0\]/);
    }
  });
});
