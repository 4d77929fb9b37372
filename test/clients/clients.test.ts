/**
 * Real clients against the real Workers: the programs of `docs/clients.md` as they stand, but for the address, and
 * clients that are generated from the reference.
 * `WRITE_TABLE=1 npx vitest run test/clients` writes the table there.
 */
import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cohereEmbedResponseSchema } from "../../functions/gateway/openapi/compatible-responses.ts";
import { exampleBase64 } from "../support/example-pictures.ts";
import { post } from "../support/post.ts";
import { request } from "../support/send-request.ts";
import { startWorkers, type Workers } from "../support/workers.ts";
import {
  type Call,
  callsOf,
  documentedClients,
  documentedTable,
  tableOf,
  TABLES,
} from "./documented-clients.ts";
import { generatedClients, STRICT } from "./generated-clients.ts";
import { describeWithPackages, ProgramFolder } from "./other-packages.ts";

const ROOT = join(import.meta.dirname, "../..");
const FOX = join(ROOT, "examples/fox.png");
const TYPES = join(ROOT, "node_modules/@types");
const TSC = join(ROOT, "node_modules/typescript/bin/tsc");
const LINTERS = join(import.meta.dirname, "linters");
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
    await copyFile(FOX, join(folder.path, "fox.png"));
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
        "@modelcontextprotocol/client",
        "@modelcontextprotocol/sdk",
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
    expect(await documentedTable(TABLES.calls, table)).toBe(table);
  });
});

describeWithPackages("clients that are generated from openapi.json", () => {
  it.each(generatedClients(() => workers.url))(
    "$generator: it compiles, knows the types, and classifies a picture",
    async ({ generate, program }) => {
      const folder = await ProgramFolder.make();
      try {
        await copyFile(FOX, join(folder.path, "fox.png"));
        await folder.write("package.json", '{ "type": "module" }');
        await folder.write("openapi.json", await (await fetch(`${workers.url}/openapi.json`)).text());
        await generate(folder);
        await folder.write("program.ts", program.replaceAll("SERVER", JSON.stringify(workers.url)));
        await folder.node(TSC, ...STRICT, TYPES, "program.ts");
        // Generated files import each other with the extension that they would have once compiled.
        await build({
          absWorkingDir: folder.path,
          entryPoints: ["program.ts"],
          outfile: join(folder.path, "program.mjs"),
          bundle: true,
          platform: "node",
          format: "esm",
          logLevel: "error",
        });
        expect((await folder.node("program.mjs")).trim()).toBe("fox");
      } finally {
        await folder.remove();
      }
    },
  );

  it.each([
    ["redocly", ["lint", "openapi.json", "--format", "json", "--config", join(LINTERS, "redocly.yaml")]],
    [
      "spectral",
      ["lint", "openapi.json", "--ruleset", join(LINTERS, "spectral.yaml"), "--fail-severity", "hint"],
    ],
  ])("%s has nothing to say", async (linter, parameters) => {
    const folder = await ProgramFolder.make();
    try {
      await folder.write("openapi.json", await (await fetch(`${workers.url}/openapi.json`)).text());
      const said = await folder.command(linter, ...parameters);
      // Spectral fails on any finding, Redocly only on errors.
      expect(said).toMatch(
        /No results with a severity of 'hint' or higher found|"totals": \{\s*"errors": 0,\s*"warnings": 0/,
      );
    } finally {
      await folder.remove();
    }
  });
});

describe("/mcp", () => {
  const headers = { accept: "application/json, text/event-stream" };
  const call = async (name: string, parameters: object): ReturnType<typeof request> => {
    const params = { name, arguments: parameters };
    const body = { jsonrpc: "2.0", id: 1, method: "tools/call", params };
    const response = await fetch(`${workers.url}/mcp`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    // A client of 2025-11-25 is answered by a stream with one event.
    const [, data = text] = /^data: (.*)$/m.exec(text) ?? [];
    return { status: response.status, headers: response.headers, body: JSON.parse(data) };
  };

  it("takes a picture that is longer than what is parsed as JSON", async () => {
    // What follows a picture's pixels is ignored.
    const image = Buffer.concat([await readFile(FOX), Buffer.alloc(100_000)]).toString("base64");
    const { body } = await call("classify_image", { image, labels: ["bus", "fox"] });
    expect(body.result.structuredContent.prediction).toBe("fox");
  });

  it("scores as /v1/classify does", async () => {
    const image = await exampleBase64("fox.png");
    const labels = ["bus", "fox", "harp"];
    const { body } = await call("classify_image", { image, labels });
    const own = await post(`${workers.url}/v1/classify`, { image, labels });
    const [{ predictions }] = own.body.data;
    const scores = body.result.structuredContent.predictions;
    expect(scores.map(({ label }: { label: string }) => label)).toEqual(
      predictions.map(({ label }: { label: string }) => label),
    );
    for (const [index, { score }] of scores.entries()) {
      expect(score).toBeCloseTo(predictions[index].score, 6);
    }
  });

  it("takes what other requests take, and says what it used", async () => {
    const image = await exampleBase64("fox.png");
    const given = {
      image: { image },
      labels: ["one", "two", "three", "four", "five", "six"],
      template: null,
    };
    const { structuredContent, content } = (await call("classify_image", given)).body.result;
    expect(structuredContent.usage).toMatchObject({ images: 1 });
    expect(structuredContent.usage.total_tokens).toBeGreaterThan(6);
    expect(structuredContent.predictions).toHaveLength(6);
    // The text has no second copy of all labels.
    const shown = JSON.parse(content[0].text);
    expect(shown).toEqual({ ...structuredContent, predictions: structuredContent.predictions.slice(0, 5) });
  });

  it("compares in numbers for programs, and in a few words for assistants", async () => {
    const images = [await exampleBase64("fox.png"), await exampleBase64("harp.png")];
    const texts = ["a fox", "a harp", "a bus", "a moon", "a trophy", "a rocket", "a tulip"];
    const { structuredContent, content } = (await call("compare", { images, texts })).body.result;
    const own = await post(`${workers.url}/v1/similarity`, { images, texts });
    for (const [i, row] of structuredContent.similarities.entries()) {
      expect(row).toHaveLength(texts.length);
      for (const [k, cosine] of row.entries()) {
        expect(cosine).toBeCloseTo(own.body.data[i].scores[k].similarity, 6);
      }
    }
    const { most_similar: shown } = JSON.parse(content[0].text);
    expect(shown.map((row: { text: string }[]) => row[0]?.text)).toEqual(["a fox", "a harp"]);
    expect(shown.map((row: object[]) => row.length)).toEqual([5, 5]);
    expect(shown[0][0].similarity).toBeCloseTo(structuredContent.similarities[0][0], 4);
    expect(content[0].text.length).toBeLessThan(700);
  });

  it("says what is wrong, to the assistant or to its program", async () => {
    const image = await exampleBase64("fox.png");
    for (const [tool, parameters, words] of [
      ["compare", { images: ["!"], texts: ["a"] }, "images[0]: not a URL"],
      ["compare", { images: Array(17).fill(image), texts: ["a"] }, "at most 16 images"],
      ["compare", { images: [image], texts: [] }, "at least one text"],
      ["classify_image", { image, labels: ["a"], model: "x" }, 'there is no model "x"'],
      ["classify_image", { image, labels: ["a"], template: "no place" }, "exactly one {}"],
      ["classify_image", { image, labels: ["a", "b".repeat(257)] }, "labels[1]: at most 256 characters"],
      ["compare", { images: [{ file_id: "file-none" }], texts: ["a"] }, "there is no file"],
      ["classify_image", { labels: ["a"] }, "image is missing"],
    ] as const) {
      const { status, body } = await call(tool, parameters);
      expect([status, body.result.isError], words).toEqual([200, true]);
      expect(body.result.content[0].text).toContain(words);
    }
    const refused = workers.logs.filter(
      (line) => line.includes('"route":"/mcp"') && line.includes('"code":'),
    );
    for (const code of ["invalid_image", "too_many_items", "model_not_found", "file_not_found"]) {
      expect(refused.join("\n")).toContain(`"code":"${code}"`);
    }
    const unknown = await call("paint", {});
    expect(JSON.stringify(unknown.body)).toContain("paint");
    expect(unknown.status).toBeLessThan(500);
    for (const [body, code] of [
      ["{", "invalid_json"],
      ["[]", "invalid_type"],
    ] as const) {
      const answer = await post(`${workers.url}/mcp`, body);
      expect([answer.status, answer.body.error.data.code]).toEqual([400, code]);
    }
    const get = await request("GET", `${workers.url}/mcp`);
    expect([get.status, get.headers.get("allow")]).toEqual([405, "POST"]);
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
    const smaller = ["int8", "uint8", "binary", "ubinary"];
    const { body } = await post(`${workers.url}/v2/embed`, { texts: ["a fox"], embedding_types: smaller });
    expect(cohereEmbedResponseSchema.parse(body)).toEqual(body);
    for (const output_dtype of smaller) {
      const { data } = (await post(`${workers.url}/v1/embeddings`, { input: "a fox", output_dtype })).body;
      expect(body.embeddings[output_dtype]).toEqual([data[0].embedding]);
    }
    const content = [
      { type: "text", text: "a fox" },
      { type: "image_url", image_url: { url: picture } },
    ];
    const mixed = await post(`${workers.url}/v1/embeddings`, { input: { content } });
    expect((await embed({ inputs: [{ content }] })).body.embeddings.float).toEqual([
      mixed.body.data[0].embedding,
    ]);
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
