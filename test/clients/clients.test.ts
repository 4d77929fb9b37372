/**
 * Real clients against the real Workers: the programs of `docs/clients.md` as they stand, but for the address.
 * `WRITE_TABLE=1 npx vitest run test/clients` writes the table there.
 */
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exampleBase64 } from "../support/example-pictures.ts";
import { post } from "../support/post.ts";
import { startWorkers, type Workers } from "../support/workers.ts";
import {
  type Call,
  callsOf,
  documentedClients,
  documentedTable,
  tableOf,
  writeDocumentedTable,
} from "./documented-clients.ts";
import { describeWithPackages, ProgramFolder } from "./other-packages.ts";

const LOCAL = "http://localhost:8787";
const clients = await documentedClients();

let workers: Workers;

beforeAll(async () => {
  workers = await startWorkers();
});

afterAll(async () => {
  await workers.dispose();
});

describeWithPackages("docs/clients.md", () => {
  const calls: Call[] = [];
  let folder: ProgramFolder;

  beforeAll(async () => {
    folder = await ProgramFolder.make();
    await copyFile(join(import.meta.dirname, "../../examples/fox.png"), join(folder.path, "fox.png"));
  });

  afterAll(async () => {
    await folder.remove();
  });

  it("has every client that the contract names", () => {
    expect(new Set(clients.flatMap(({ packages }) => packages))).toEqual(
      new Set([
        "openai",
        "ai",
        "@ai-sdk/openai-compatible",
        "@ai-sdk/cohere",
        "cohere-ai",
        "@huggingface/inference",
        "@langchain/openai",
        "@llamaindex/openai",
        "@chroma-core/openai",
      ]),
    );
  });

  it.each(clients)("$packages", async (client) => {
    expect(client.program).toContain(LOCAL);
    await folder.write("program.mjs", client.program.replaceAll(LOCAL, workers.url));
    const made = await callsOf(client, await folder.node("program.mjs"));
    expect(made.filter(({ call, result }) => call === "" || result === "")).toEqual([]);
    calls.push(...made);
  });

  it("has the table of what they printed", async () => {
    const table = tableOf(calls);
    if (process.env["WRITE_TABLE"] === "1") await writeDocumentedTable(table);
    expect(await documentedTable()).toBe(table);
  });
});

it("Cohere's endpoints say what is wrong where Cohere's clients look for it", async () => {
  const { status, body } = await post(`${workers.url}/v2/rerank`, {
    model: "rerank-v3.5",
    query: "a",
    documents: ["b"],
  });
  expect([status, body.error.code]).toEqual([404, "model_not_found"]);
  expect(body.message).toBe(body.error.message);
  const elsewhere = await post(`${workers.url}/v1/rerank`, {});
  expect(Object.keys(elsewhere.body)).toEqual(["error"]);
});

describe("the same vectors and scores as on this project's own endpoints", () => {
  it("of Cohere's embed", async () => {
    const image = await exampleBase64("fox.png");
    const picture = `data:image/png;base64,${image}`;
    const own = await post(`${workers.url}/v1/embeddings`, { input: ["a fox", { image }] });
    const [text, seen] = own.body.data.map(({ embedding }: { embedding: number[] }) => embedding);
    const both = ["float", "base64"];
    const embed = async (body: object): ReturnType<typeof post> =>
      await post(`${workers.url}/v2/embed`, { ...body, embedding_types: both });
    const inputs = await embed({
      inputs: [
        { content: [{ type: "text", text: "a fox" }] },
        { content: [{ type: "image_url", image_url: { url: picture } }] },
      ],
    });
    expect(inputs.body.embeddings.float).toEqual([text, seen]);
    expect((await embed({ texts: ["a fox"] })).body.embeddings.float).toEqual([text]);
    const images = await embed({ images: [picture] });
    expect(images.body.embeddings.float).toEqual([seen]);
    const bytes = Buffer.from(images.body.embeddings.base64[0], "base64");
    expect([...new Float32Array(new Uint8Array(bytes).buffer)]).toEqual(seen);
  });

  it("of Hugging Face's endpoints", async () => {
    const image = await exampleBase64("fox.png");
    const own = await post(`${workers.url}/v1/embeddings`, { input: ["a fox", { image }] });
    const vectors = own.body.data.map(({ embedding }: { embedding: number[] }) => embedding);
    const features = async (inputs: unknown): Promise<unknown> =>
      (await post(`${workers.url}/hf/feature-extraction`, { inputs })).body;
    expect(await features(["a fox", { image }])).toEqual(vectors);
    expect(await features("a fox")).toEqual(vectors[0]);
    const labels = ["bus", "fox", "harp"];
    const classified = await post(`${workers.url}/v1/classify`, {
      image,
      labels,
      templates: "This is a photo of {}.",
    });
    const zeroShot = await post(`${workers.url}/hf/zero-shot-image-classification`, {
      inputs: image,
      parameters: { candidate_labels: labels },
    });
    const [{ predictions }] = classified.body.data;
    expect(zeroShot.body.map(({ label }: { label: string }) => label)).toEqual(
      predictions.map(({ label }: { label: string }) => label),
    );
    for (const [index, { score }] of zeroShot.body.entries()) {
      expect(score).toBeCloseTo(predictions[index].score, 6);
    }
  });
});
