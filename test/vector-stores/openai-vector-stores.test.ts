/** `client.vectorStores` of the unmodified `openai` SDK: every method, against the real Workers. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import OpenAI, { AuthenticationError, BadRequestError, NotFoundError, toFile } from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { request } from "../support/send-request.ts";
import { type KeyedWorkers, startKeyedWorkers } from "../support/keyed-workers.ts";

const EXAMPLES = join(import.meta.dirname, "../../examples");
const NAMES = ["fox", "grapes", "moon", "rocket"];
/** The demonstration model finds these first by their names. */
const FOUND = ["fox", "grapes"];

let deployment: KeyedWorkers;
let client: OpenAI;
let stores: OpenAI["vectorStores"];
let other: OpenAI;
const pictures = new Map<string, Buffer<ArrayBuffer>>();

const picture = (name: string): Buffer<ArrayBuffer> => pictures.get(name) ?? Buffer.alloc(0);
const file = async (name: string): Promise<File> => (await toFile(picture(name), `${name}.png`)) as File;
const inline = (name: string): string => `data:image/png;base64,${picture(name).toString("base64")}`;

beforeAll(async () => {
  deployment = await startKeyedWorkers();
  client = deployment.sdk(deployment.keys.a);
  stores = client.vectorStores;
  other = deployment.sdk(deployment.keys.b);
  for (const name of NAMES) pictures.set(name, await readFile(join(EXAMPLES, `${name}.png`)));
});

afterAll(async () => {
  await deployment.workers.dispose();
});

const eq = (key: string, value: unknown): object => ({ type: "eq", key, value });

async function all<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const each of pages) found.push(each);
  return found;
}

describe("vector stores", () => {
  it("are made, shown, changed and deleted", async () => {
    const before = Math.floor(Date.now() / 1000);
    const made = await stores.create({
      name: "drawings",
      description: "of animals",
      metadata: { owner: "zoo" },
      expires_after: { anchor: "last_active_at", days: 7 },
      chunking_strategy: { type: "auto" },
    });
    expect(made).toMatchObject({
      object: "vector_store",
      name: "drawings",
      description: "of animals",
      status: "completed",
      metadata: { owner: "zoo" },
      usage_bytes: 0,
      file_counts: { in_progress: 0, completed: 0, failed: 0, cancelled: 0, total: 0 },
      expires_after: { anchor: "last_active_at", days: 7 },
    });
    expect(made.id).toMatch(/^vs_[0-9a-f]{24}$/);
    expect(made.created_at).toBeGreaterThanOrEqual(before);
    expect(made.expires_at).toBe((made.last_active_at ?? 0) + 7 * 86_400);
    expect(await stores.retrieve(made.id)).toEqual(made);
    const changed = await stores.update(made.id, { name: "animals", metadata: {} });
    expect(changed).toMatchObject({ id: made.id, name: "animals", metadata: {}, expires_after: { days: 7 } });
    // null takes back, and what is absent stays.
    const unlimited = await stores.update(made.id, { expires_after: null });
    expect(unlimited).toMatchObject({ name: "animals", expires_at: null });
    expect(unlimited.expires_after).toBeUndefined();
    await stores.update(made.id, { metadata: { owner: "zoo" } });
    const cleared = { name: null, description: null, metadata: null };
    expect(await stores.update(made.id, cleared as never)).toMatchObject({
      name: "",
      description: null,
      metadata: {},
    });
    expect(await stores.delete(made.id)).toEqual({
      id: made.id,
      object: "vector_store.deleted",
      deleted: true,
    });
    for (const gone of [
      () => stores.retrieve(made.id),
      () => stores.update(made.id, { name: "x" }),
      () => stores.delete(made.id),
      () => stores.search(made.id, { query: "a" }),
      () => stores.files.list(made.id),
      () => stores.files.create(made.id, { file_id: "file-x" }),
    ]) {
      await expect(gone()).rejects.toMatchObject({ status: 404, code: "vector_store_not_found" });
    }
  });

  it("are listed page by page, in both directions", async () => {
    const ids: string[] = [];
    for (const name of ["one", "two", "three", "four", "five"]) ids.push((await stores.create({ name })).id);
    const rising = (await all(stores.list({ order: "asc", limit: 2 }))).map(({ id }) => id);
    expect(rising).toEqual(ids);
    const falling = (await all(stores.list({ limit: 2 }))).map(({ id }) => id);
    expect(falling).toEqual(ids.toReversed());
    const middle = await stores.list({ order: "asc", after: ids[0]!, before: ids[3]! });
    expect(middle.data.map(({ id }) => id)).toEqual([ids[1], ids[2]]);
    const page = await stores.list({ order: "asc", limit: 2, before: ids[4]! });
    expect(page.data).toHaveLength(2);
    for (const id of ids) await stores.delete(id);
    expect((await stores.list()).data).toEqual([]);
    // One that was there has still its place; one that never was has none.
    expect((await stores.list({ after: ids[0]! })).data).toEqual([]);
    const never = `vs_${"0".repeat(24)}`;
    await expect(stores.list({ after: never })).rejects.toMatchObject({ status: 400, param: "after" });
  });

  it.each(["asc", "desc"] as const)("are deleted while they are listed, %s", async (order) => {
    const made = new Set<string>();
    for (let left = 5; left > 0; left--) made.add((await stores.create({})).id);
    for await (const { id } of stores.list({ order, limit: 2 })) {
      await stores.delete(id);
      made.delete(id);
    }
    expect(made.size).toBe(0);
    const { id } = await stores.create({});
    const embedding = Array.from({ length: 128 }, (_, index) => index);
    for (let left = 5; left > 0; left--) await stores.files.create(id, { embedding } as never);
    for await (const added of stores.files.list(id, { order, limit: 2 })) {
      await stores.files.delete(added.id, { vector_store_id: id });
    }
    expect((await stores.retrieve(id)).file_counts.total).toBe(0);
    await stores.delete(id);
  });

  it("belong to an account", async () => {
    const { id } = await stores.create({});
    const added = await stores.files.create(id, { image: inline("fox") } as never);
    const theirs = other.vectorStores;
    for (const refused of [
      () => theirs.retrieve(id),
      () => theirs.update(id, { name: "x" }),
      () => theirs.delete(id),
      () => theirs.search(id, { query: "a" }),
      () => theirs.files.list(id),
      () => theirs.files.retrieve(added.id, { vector_store_id: id }),
      () => theirs.files.delete(added.id, { vector_store_id: id }),
      () => theirs.fileBatches.create(id, { file_ids: [added.id] }),
    ]) {
      const error: unknown = await refused().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(NotFoundError);
      expect(error).toMatchObject({ code: "vector_store_not_found" });
    }
    expect((await theirs.list()).data).toEqual([]);
    // Nor can their store have somebody else's file.
    const own = await theirs.create({});
    await expect(theirs.files.create(own.id, { file_id: added.id })).rejects.toMatchObject({
      status: 404,
      code: "file_not_found",
    });
    const { url } = deployment.workers;
    for (const path of ["", `/${id}`, `/${id}/files`]) {
      const { status, body } = await request("GET", `${url}/v1/vector_stores${path}`);
      expect([status, body.error.code], path).toEqual([401, "invalid_api_key"]);
    }
    await expect(deployment.sdk("sk-none").vectorStores.list()).rejects.toBeInstanceOf(AuthenticationError);
    await stores.delete(id);
    await theirs.delete(own.id);
  });
});

describe("files of a vector store", () => {
  it("are added by their id, shown, changed, listed and deleted", async () => {
    const { id } = await stores.create({});
    const uploaded = await client.files.create({ file: await file("fox"), purpose: "vision" });
    const added = await stores.files.create(id, {
      file_id: uploaded.id,
      attributes: { kind: "animal", year: 2024, drawn: true },
      chunking_strategy: { type: "static", static: { chunk_overlap_tokens: 1, max_chunk_size_tokens: 100 } },
    });
    expect(added).toMatchObject({
      id: uploaded.id,
      object: "vector_store.file",
      vector_store_id: id,
      status: "completed",
      last_error: null,
      attributes: { kind: "animal", year: 2024, drawn: true },
      usage_bytes: uploaded.bytes,
      model: "edgeclip/demo",
      usage: { images: 1 },
    });
    const at = { vector_store_id: id };
    const shown = await stores.files.retrieve(uploaded.id, at);
    expect(added).toMatchObject(shown);
    expect(await stores.files.poll(id, uploaded.id)).toEqual(shown);
    expect((await stores.retrieve(id)).file_counts).toMatchObject({ completed: 1, total: 1 });
    const changed = await stores.files.update(uploaded.id, { ...at, attributes: { kind: "fox" } });
    expect(changed.attributes).toEqual({ kind: "fox" });
    const none = await stores.files.update(uploaded.id, { ...at, attributes: null });
    expect(none.attributes).toEqual({});
    const content = await all(stores.files.content(uploaded.id, at));
    expect(content).toEqual([
      { type: "text", text: "fox.png" },
      { type: "input_image", file_id: uploaded.id },
    ]);
    // Once more replaces it.
    await stores.files.create(id, { file_id: uploaded.id });
    expect((await all(stores.files.list(id))).map((each) => each.id)).toEqual([uploaded.id]);
    expect(await stores.files.delete(uploaded.id, at)).toEqual({
      id: uploaded.id,
      object: "vector_store.file.deleted",
      deleted: true,
    });
    await expect(stores.files.retrieve(uploaded.id, at)).rejects.toMatchObject({ code: "file_not_found" });
    await expect(stores.files.delete(uploaded.id, at)).rejects.toBeInstanceOf(NotFoundError);
    // The account's file stays.
    expect(await client.files.retrieve(uploaded.id)).toEqual(uploaded);
  });

  it("are uploaded and polled by the SDK's helpers", async () => {
    const { id } = await stores.create({});
    const made = await client.files.create({ file: await file("moon"), purpose: "user_data" });
    expect((await stores.files.createAndPoll(id, { file_id: made.id })).status).toBe("completed");
    expect((await stores.files.upload(id, await file("fox"))).status).toBe("completed");
    const polled = await stores.files.uploadAndPoll(id, await file("rocket"), { pollIntervalMs: 10 });
    expect(polled.status).toBe("completed");
    const listed = await all(stores.files.list(id, { limit: 1, order: "asc", filter: "completed" }));
    expect(listed.map((each) => (each as unknown as { filename: string }).filename)).toEqual([
      "moon.png",
      "fox.png",
      "rocket.png",
    ]);
    expect(await all(stores.files.list(id, { filter: "failed" }))).toEqual([]);
    const [first, , last] = listed;
    const between = await stores.files.list(id, { order: "asc", after: first!.id, before: last!.id });
    expect(between.data.map((each) => each.id)).toEqual([listed[1]!.id]);
    await expect(stores.files.list(id, { after: "file-x" })).rejects.toBeInstanceOf(BadRequestError);
    await stores.delete(id);
  });

  it("come as pictures, which become files of the account, or as vectors", async () => {
    const { id } = await stores.create({});
    const named = { image: { image: inline("fox") }, filename: "a fox.png", attributes: { n: 1 } };
    const added = await stores.files.create(id, named as never);
    expect(added).toMatchObject({ status: "completed", filename: "a fox.png", attributes: { n: 1 } });
    expect(await client.files.retrieve(added.id)).toMatchObject({ purpose: "vision" });
    const bytes = await (await client.files.content(added.id)).arrayBuffer();
    expect(Buffer.from(bytes)).toEqual(picture("fox"));
    const both = { images: [inline("moon"), inline("rocket"), inline("moon"), { file_id: added.id }] };
    const list = await client.post<{ data: { id: string }[] }>(`/vector_stores/${id}/files`, { body: both });
    const [moon, rocket, again, fox] = list.data.map((each) => each.id);
    expect([again, fox]).toEqual([moon, added.id]);
    expect(new Set([moon, rocket, fox]).size).toBe(3);
    expect((await stores.retrieve(id)).file_counts.total).toBe(3);

    const { data } = await client.embeddings.create({ model: "edgeclip-demo", input: "a photo of grapes." });
    for (const embedding of [
      data[0]!.embedding,
      Buffer.from(Float32Array.from(data[0]!.embedding).buffer).toString("base64"),
    ]) {
      const vector = await stores.files.create(id, { embedding, filename: "words" } as never);
      expect(vector).toMatchObject({ status: "completed", usage_bytes: 0, usage: { images: 0 } });
      expect(vector.id).toMatch(/^file-[\w-]{44}$/);
      const error = await stores.files.content(vector.id, { vector_store_id: id }).catch((thrown) => thrown);
      expect(error).toBeInstanceOf(NotFoundError);
      expect(error.message).toContain("without a picture");
      const [nearest] = await all(stores.search(id, { query: "a photo of grapes." }));
      expect(nearest).toMatchObject({ filename: "words", attributes: {} });
      expect(nearest!.score).toBeCloseTo(1, 2);
      await stores.files.delete(vector.id, { vector_store_id: id });
    }
    await stores.delete(id);
  });

  it("that are vectors stay when a file is deleted by their id", async () => {
    const { id } = await stores.create({});
    const vector = await stores.files.create(id, {
      embedding: Array.from({ length: 128 }, (_, index) => index),
    } as never);
    await expect(client.files.delete(vector.id)).rejects.toBeInstanceOf(NotFoundError);
    // Longer than a message about a deleted file waits.
    await sleep(8_000);
    expect((await stores.files.list(id)).data.map((each) => each.id)).toEqual([vector.id]);
    await stores.delete(id);
  }, 30_000);

  it("that are bad leave nothing behind, and are reported if asked for", async () => {
    const { id } = await stores.create({});
    const before = (await all(client.files.list())).length;
    const images = [inline("fox"), Buffer.from("no picture").toString("base64")];
    await expect(client.post(`/vector_stores/${id}/files`, { body: { images } })).rejects.toMatchObject({
      status: 400,
      code: "unsupported_image_format",
      param: "images[1]",
    });
    expect((await stores.retrieve(id)).file_counts.total).toBe(0);
    expect((await all(client.files.list())).length).toBe(before);
    const { data } = await client.post<{ data: { object: string; error?: { code: string } }[] }>(
      `/vector_stores/${id}/files`,
      { body: { images, on_error: "report" } },
    );
    expect(data.map(({ object }) => object)).toEqual(["vector_store.file", "error"]);
    expect(data[1]?.error?.code).toBe("unsupported_image_format");
    expect((await all(client.files.list())).length).toBe(before + 1);
    await stores.delete(id);
  });

  it("come in forms, each with its name", async () => {
    const { id } = await stores.create({});
    const form = new FormData();
    form.append("attributes", '{"kind": "animal"}');
    for (const name of ["fox", "moon"]) form.append("image", await file(name));
    const { url } = deployment.workers;
    const authorization = `Bearer ${deployment.keys.a}`;
    const path = `${url}/v1/vector_stores/${id}`;
    const { status, body } = await request("POST", `${path}/files`, form, { authorization });
    expect(status).toBe(200);
    expect(
      body.data.map(({ filename, attributes }: Record<string, unknown>) => [filename, attributes]),
    ).toEqual([
      ["fox.png", { kind: "animal" }],
      ["moon.png", { kind: "animal" }],
    ]);
    const search = new FormData();
    search.append("file", await file("moon"));
    search.append("max_num_results", "1");
    search.append("filters", '{"type": "eq", "key": "kind", "value": "animal"}');
    const found = await request("POST", `${path}/search`, search, { authorization });
    expect(found.body.data.map(({ filename }: { filename: string }) => filename)).toEqual(["moon.png"]);
    expect(found.body).toMatchObject({ search_query: [], has_more: true, next_page: null });
  });
});

describe("search", () => {
  let id: string;

  beforeAll(async () => {
    ({ id } = await stores.create({ name: "searched" }));
    for (const [index, name] of NAMES.entries()) {
      const attributes = { name, index, animal: name === "fox" };
      const body = { image: inline(name), filename: `${name}.png`, attributes };
      await stores.files.create(id, body as never);
    }
  });

  it("finds pictures by words, by pictures and by mixes", async () => {
    for (const name of FOUND) {
      const [nearest] = await all(stores.search(id, { query: `a photo of a ${name}.` }));
      expect(nearest).toMatchObject({
        filename: `${name}.png`,
        attributes: { name },
        content: [{ type: "text", text: `${name}.png` }],
      });
    }
    for (const name of NAMES) {
      const [itself] = await all(stores.search(id, { image: inline(name) } as never));
      expect(itself).toMatchObject({ filename: `${name}.png` });
      // int8 rows: a cosine is off by 0.29 × scale or so, which is 0.002 at the most.
      expect(itself!.score).toBeCloseTo(1, 2);
      expect(itself!.score).toBeLessThanOrEqual(1);
    }
    const content = [
      { type: "image_url", image_url: { url: inline("fox") }, weight: 1 },
      { type: "text", text: "a photo of the moon.", weight: 0.1 },
    ];
    const page = await stores.search(id, { content } as never);
    expect(page.data[0]).toMatchObject({ filename: "fox.png" });
    expect(page).toMatchObject({ object: "vector_store.search_results.page" });
    // A picture's score is its highest.
    const queries = ["a photo of a fox.", "a photo of grapes."];
    const scoresOf = async (query: string | string[]): Promise<Map<string, number>> =>
      new Map((await all(stores.search(id, { query }))).map((each) => [each.filename, each.score]));
    const [fox, grapes] = await Promise.all(queries.map(async (query) => await scoresOf(query)));
    for (const [filename, score] of await scoresOf(queries)) {
      expect(score).toBeCloseTo(Math.max(fox?.get(filename) ?? -1, grapes?.get(filename) ?? -1), 6);
    }
  });

  it("scores as /v1/similarity does", async () => {
    const query = "a photo of a rocket.";
    const { data } = await stores.search(id, { query });
    const images = data.map(({ file_id }) => ({ file_id }));
    const exact = await client.post<{ data: { scores: { similarity: number }[] }[] }>("/similarity", {
      body: { images, texts: [query] },
    });
    for (const [index, { scores }] of exact.data.entries()) {
      expect(data[index]!.score).toBeCloseTo(scores[0]!.similarity, 2);
    }
  });

  it("filters, limits and cuts", async () => {
    const names = async (more: object): Promise<string[]> => {
      const { data } = await stores.search(id, { query: "a photo of a fox.", ...more });
      return data.map(({ attributes }) => String(attributes?.["name"]));
    };
    expect(await names({ filters: eq("animal", true) })).toEqual(["fox"]);
    expect((await names({ filters: { type: "gte", key: "index", value: 2 } })).toSorted()).toEqual([
      "moon",
      "rocket",
    ]);
    expect(await names({ filters: eq("none", 1) })).toEqual([]);
    expect((await names({ filters: { type: "ne", key: "none", value: 1 } })).length).toBe(NAMES.length);
    const either = { type: "or", filters: [eq("name", "moon"), eq("index", 1)] };
    expect((await names({ filters: either })).toSorted()).toEqual(["grapes", "moon"]);
    expect(await names({ filters: { type: "in", key: "name", value: ["moon", "x"] } })).toEqual(["moon"]);
    expect((await names({ filters: { type: "nin", key: "name", value: ["moon"] } })).length).toBe(3);
    expect(await names({ max_num_results: 1, rewrite_query: true })).toEqual(["fox"]);
    expect(await names({ ranking_options: { ranker: "auto", score_threshold: 1 } })).toEqual([]);
    const cut = await stores.search(id, { query: "a", max_num_results: 1 });
    expect(cut).toMatchObject({ data: [{}] });
    expect((cut as unknown as { body: object }).body).toMatchObject({ has_more: true, search_query: ["a"] });
  });

  it("shows at once what was added, changed and deleted", async () => {
    const body = { image: inline("moon"), attributes: { step: 1 } };
    const added = await stores.files.create(id, body as never);
    const step = async (value: number): Promise<string[]> => {
      const filters = { type: "eq" as const, key: "step", value };
      return (await all(stores.search(id, { query: "a moon", filters }))).map(({ file_id }) => file_id);
    };
    expect(await step(1)).toEqual([added.id]);
    await stores.files.update(added.id, { vector_store_id: id, attributes: { step: 2 } });
    expect([await step(1), await step(2)]).toEqual([[], [added.id]]);
    await stores.files.delete(added.id, { vector_store_id: id });
    expect(await step(2)).toEqual([]);
  });

  it("with a model that is not served is refused", async () => {
    await expect(stores.search(id, { query: "a", model: "nobody/nothing" } as never)).rejects.toMatchObject({
      status: 404,
      code: "model_not_found",
    });
  });
});
