/** `client.files` of the unmodified `openai` SDK, and what is refused. */
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { KVNamespace, R2Bucket } from "@cloudflare/workers-types";
import OpenAI, { AuthenticationError, NotFoundError, toFile } from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AccountFilesRpc } from "../../functions/files/account-files-rpc.ts";
import { addKey } from "../support/add-key.ts";
import { startKeyedWorkers } from "../support/keyed-workers.ts";
import { request } from "../support/send-request.ts";
import type { Workers } from "../support/workers.ts";
import { uploadFile } from "./support/upload-file.ts";

const FOX = join(import.meta.dirname, "../../examples/fox.png");

const form = (entries: [string, string | Blob, string?][]): FormData => {
  const made = new FormData();
  for (const [name, value, filename] of entries) {
    if (typeof value === "string") made.append(name, value);
    else made.append(name, value, filename);
  }
  return made;
};

let workers: Workers;
let bucket: R2Bucket;
let fox: Buffer<ArrayBuffer>;
let keys: Record<"a" | "b" | "free", string>;
let sdk: (apiKey: string) => OpenAI;
let client: OpenAI;

const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });
const objects = async (account: string): Promise<number> =>
  (await bucket.list({ prefix: `accounts/${account}/blobs/` })).objects.length;

const all = async (query: OpenAI.FileListParams): Promise<string[]> => {
  const ids: string[] = [];
  for await (const { id } of client.files.list(query)) ids.push(id);
  return ids;
};

beforeAll(async () => {
  const keyed = await startKeyedWorkers();
  ({ workers, sdk } = keyed);
  const store = (await workers.miniflare.getKVNamespace("KEYS", "edgeclip")) as unknown as KVNamespace;
  bucket = (await workers.miniflare.getR2Bucket("FILES", "edgeclip")) as unknown as R2Bucket;
  keys = {
    ...keyed.keys,
    free: (await addKey(store, "free", { tier: "free" })).key,
  };
  client = sdk(keys.a);
  fox = await readFile(FOX);
});

afterAll(async () => {
  await workers.dispose();
});

describe("the SDK's files", () => {
  it("are made, shown, read and deleted", async () => {
    const before = Math.floor(Date.now() / 1000);
    const made = await client.files.create({ file: createReadStream(FOX), purpose: "vision" });
    expect(made).toMatchObject({
      object: "file",
      bytes: fox.length,
      filename: "fox.png",
      purpose: "vision",
      status: "processed",
    });
    expect(made.created_at).toBeGreaterThanOrEqual(before);
    expect(made.expires_at).toBeUndefined();
    expect(await client.files.retrieve(made.id)).toEqual(made);
    expect(await client.files.waitForProcessing(made.id)).toEqual(made);
    const content = await client.files.content(made.id);
    // Nothing that a browser would show or run.
    expect(content.headers.get("content-type")).toBe("application/octet-stream");
    expect(content.headers.get("x-content-type-options")).toBe("nosniff");
    expect(Buffer.from(await content.arrayBuffer())).toEqual(fox);
    expect(await client.files.delete(made.id)).toEqual({ id: made.id, object: "file", deleted: true });
    await expect(client.files.retrieve(made.id)).rejects.toBeInstanceOf(NotFoundError);
    await expect(client.files.content(made.id)).rejects.toMatchObject({ code: "file_not_found" });
    await expect(client.files.delete(made.id)).rejects.toMatchObject({ code: "file_not_found" });
    expect(await objects("a")).toBe(0);
  });

  it("come from a buffer, a response, or a stream of unknown length; the purpose before or after", async () => {
    const name = "a picture.png";
    const sources = [
      await toFile(fox, name),
      await toFile(new Response(fox), name),
      await toFile(createReadStream(FOX), name),
      new File([fox], name),
    ];
    for (const file of sources) {
      const after = await client.files.create({ file, purpose: "user_data" });
      const before = await client.files.create({ purpose: "assistants", file });
      expect([after.filename, before.filename]).toEqual([name, name]);
      for (const { id } of [after, before]) {
        const content = await client.files.content(id);
        expect(Buffer.from(await content.arrayBuffer())).toEqual(fox);
        await client.files.delete(id);
      }
    }
  });

  it("are listed in pages, in both orders, by purpose, also while they are deleted", async () => {
    const made: string[] = [];
    for (let i = 0; i < 7; i++) {
      const file = await toFile(Buffer.from(`line ${i}`), `${i}.jsonl`);
      made.push((await client.files.create({ file, purpose: i % 2 === 0 ? "batch" : "user_data" })).id);
    }
    expect(await all({ limit: 2, order: "asc" })).toEqual(made);
    expect(await all({ limit: 3 })).toEqual(made.toReversed());
    expect(await all({ limit: 2, purpose: "batch", order: "asc" })).toEqual(
      made.filter((_, i) => i % 2 === 0),
    );
    expect(await all({ after: made[2] ?? "", order: "asc" })).toEqual(made.slice(3));
    expect(await all({ after: made[2] ?? "", order: "desc" })).toEqual([made[1], made[0]]);
    // The cursor of the next page is then a file that is gone.
    for await (const { id } of client.files.list({ limit: 2 })) await client.files.delete(id);
    expect(await all({})).toEqual([]);
  });

  it("expire when the request says, and a batch's input after 30 days", async () => {
    const file = await toFile(Buffer.from("{}"), "batch.jsonl");
    const expires_after = { anchor: "created_at", seconds: 7200 } as const;
    const soon = await client.files.create({ file, purpose: "batch", expires_after });
    const later = await client.files.create({ file, purpose: "batch" });
    expect((soon.expires_at ?? 0) - soon.created_at).toBe(7200);
    expect((later.expires_at ?? 0) - later.created_at).toBe(30 * 24 * 3600);
    for (const { id } of [soon, later]) await client.files.delete(id);
  });

  it("with the same bytes are stored once, and each goes by itself", async () => {
    const first = await client.files.create({ file: await toFile(fox, "a.png"), purpose: "vision" });
    const others = await Promise.all(
      ["b.png", "c.png", "d.png"].map(async (name) =>
        client.files.create({ file: await toFile(fox, name), purpose: "vision" }),
      ),
    );
    expect(await objects("a")).toBe(1);
    // Another account has them for itself.
    const foreign = await sdk(keys.b).files.create({ file: await toFile(fox, "a.png"), purpose: "vision" });
    expect(await objects("b")).toBe(1);
    await client.files.delete(first.id);
    await expect(client.files.content(first.id)).rejects.toBeInstanceOf(NotFoundError);
    await Promise.all(others.slice(1).map(({ id }) => client.files.delete(id)));
    const [left] = others;
    const content = await client.files.content(left?.id ?? "");
    expect(Buffer.from(await content.arrayBuffer())).toEqual(fox);
    for (const { id } of others.slice(1)) {
      await expect(client.files.content(id)).rejects.toBeInstanceOf(NotFoundError);
    }
    await client.files.delete(left?.id ?? "");
    expect(await objects("a")).toBe(0);
    expect(await objects("b")).toBe(1);
    await sdk(keys.b).files.delete(foreign.id);
  });

  it("of another account are not there", async () => {
    const { id } = await client.files.create({ file: await toFile(fox, "a.png"), purpose: "vision" });
    const other = sdk(keys.b);
    await expect(other.files.retrieve(id)).rejects.toBeInstanceOf(NotFoundError);
    await expect(other.files.content(id)).rejects.toBeInstanceOf(NotFoundError);
    await expect(other.files.delete(id)).rejects.toBeInstanceOf(NotFoundError);
    expect((await other.files.list()).data).toEqual([]);
    const question = { image: { file_id: id }, labels: ["fox"] };
    const answer = await request("POST", `${workers.url}/v1/classify`, question, bearer(keys.b));
    expect([answer.status, answer.body.error.code]).toEqual([404, "file_not_found"]);
    expect(answer.body.error.param).toBe("images[0]");
    await client.files.delete(id);
  });

  it("whose ids were made up are not there, though the blob is", async () => {
    const { id } = await client.files.create({ file: await toFile(fox, "a.png"), purpose: "vision" });
    const bytes = Buffer.from(id.slice("file-".length), "base64url");
    for (const at of [13, 18, 23, 32]) {
      const forged = Buffer.from(bytes);
      forged[at] = (forged[at] ?? 0) ^ 1;
      const answer = await request(
        "GET",
        `${workers.url}/v1/files/file-${forged.toString("base64url")}/content`,
        undefined,
        bearer(keys.a),
      );
      expect([at, answer.status]).toEqual([at, 404]);
    }
    await client.files.delete(id);
  });

  it("belong to accounts: callers without a key have none", async () => {
    const nobody = new OpenAI({ baseURL: `${workers.url}/v1`, apiKey: "sk-none", maxRetries: 0 });
    await expect(nobody.files.list()).rejects.toBeInstanceOf(AuthenticationError);
    for (const [method, path] of [
      ["GET", "/v1/files"],
      ["POST", "/v1/files"],
      ["GET", "/v1/files/file-a"],
      ["GET", "/v1/files/file-a/content"],
      ["DELETE", "/v1/files/file-a"],
    ] as const) {
      const { status, body } = await request(method, workers.url + path);
      expect([method, path, status, body.error.code]).toEqual([method, path, 401, "invalid_api_key"]);
    }
    const question = { image: { file_id: "file-a" }, labels: ["fox"] };
    const answer = await request("POST", `${workers.url}/v1/classify`, question);
    expect(answer.status).toBe(401);
  });
});

describe("an upload is refused", () => {
  const file: [string, Blob, string] = ["file", new Blob(["a file"]), "a.png"];
  const vision: [string, string] = ["purpose", "vision"];
  const anchor: [string, string] = ["expires_after[anchor]", "created_at"];
  const cases: [what: string, body: () => BodyInit, status: number, code: string, param: string | null][] = [
    ["without a purpose", () => form([file]), 400, "missing_field", "purpose"],
    ["with another's purpose", () => form([file, ["purpose", "fine-tune"]]), 400, "invalid_type", "purpose"],
    [
      "with a purpose of ours",
      () => form([["purpose", "batch_output"], file]),
      400,
      "invalid_type",
      "purpose",
    ],
    ["without a file", () => form([vision]), 400, "missing_field", "file"],
    ["with an empty file", () => form([["file", new Blob([]), "a"], vision]), 400, "empty_input", "file"],
    ["with text for a file", () => form([["file", "text"], vision]), 400, "invalid_type", "file"],
    ["with two files", () => form([file, file, vision]), 400, "too_many_items", "file"],
    [
      "with a control character",
      () => form([["file", file[1], "a\u0007.png"], vision]),
      400,
      "invalid_value",
      "file",
    ],
    ["with a name of 300", () => form([["file", file[1], "a".repeat(300)], vision]), 400, "too_long", "file"],
    [
      "that expires at once",
      () => form([file, vision, anchor, ["expires_after[seconds]", "1"]]),
      400,
      "invalid_value",
      "expires_after.seconds",
    ],
    [
      "with another anchor",
      () => form([file, vision, ["expires_after[anchor]", "x"]]),
      400,
      "invalid_type",
      "expires_after.anchor",
    ],
    [
      "with a picture of 21 MB",
      () => form([["file", new Blob([new Uint8Array(21e6)]), "a"], vision]),
      413,
      "request_too_large",
      "file",
    ],
    ["with a long field", () => form([["purpose", "x".repeat(2000)], file]), 400, "too_long", "purpose"],
    [
      "with many fields",
      () => form(Array.from({ length: 40 }, (_, i) => [`f${i}`, "x"])),
      400,
      "too_many_items",
      null,
    ],
    [
      "with many fields of one name",
      () => form(Array.from({ length: 40 }, () => ["purpose", "vision"])),
      400,
      "too_many_items",
      null,
    ],
    [
      "whose name is not UTF-8",
      () =>
        new Blob(
          [
            Buffer.from(
              '--b\r\ncontent-disposition: form-data; name="file"; filename="caf\xe9.png"\r\n\r\nx\r\n--b--\r\n',
              "latin1",
            ),
          ],
          { type: "multipart/form-data; boundary=b" },
        ),
      400,
      "invalid_type",
      null,
    ],
    ["as JSON", () => new Blob(["{}"], { type: "application/json" }), 415, "unsupported_media_type", null],
    ["without a boundary", () => new Blob(["x"], { type: "multipart/form-data" }), 400, "invalid_type", null],
    [
      "that is no form",
      () => new Blob(["x"], { type: "multipart/form-data; boundary=b" }),
      400,
      "invalid_type",
      null,
    ],
  ];

  it.each(cases)("%s", async (_what, body, status, code, param) => {
    const answer = await request("POST", `${workers.url}/v1/files`, body(), bearer(keys.a));
    expect([answer.status, answer.body.error.code, answer.body.error.param]).toEqual([status, code, param]);
    expect((await client.files.list()).data).toEqual([]);
    expect(await objects("a")).toBe(0);
  });

  it("whose body ends before its last boundary, at any byte", async () => {
    const body = Buffer.from(
      '--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nbytes\r\n' +
        '--b\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nvision\r\n--b--',
    );
    const headers = { ...bearer(keys.a), "content-type": "multipart/form-data; boundary=b" };
    for (let end = 0; end < body.length; end += 7) {
      const part = new Uint8Array(body.subarray(0, end));
      const { status } = await request("POST", `${workers.url}/v1/files`, part, headers);
      expect([end, status]).toEqual([end, 400]);
    }
    const whole = await request("POST", `${workers.url}/v1/files`, new Uint8Array(body), headers);
    expect(whole.status).toBe(200);
    await client.files.delete(whole.body.id);
  });

  it("when the account has no room for it, and for now while other uploads keep the room", async () => {
    const accounts = await workers.miniflare.getDurableObjectNamespace("ACCOUNTS", "edgeclip");
    const account = accounts.getByName("free") as unknown as AccountFilesRpc;
    const [blob, bytes] = ["0".repeat(24), 999_999_990];
    const other = { blob, key: "AAAAAAAAAAAAAAAAAAAAAA", uploadId: null, bytes, maxBytes: 1e12 };
    const small = { bytes: "ten bytes.", headers: bearer(keys.free) };
    const another = { ...small, bytes: "one more" };
    expect(await account.begin(other, true)).toBe("begun");
    expect((await uploadFile(workers.url, small)).status).toBe(200);
    const waiting = await uploadFile(workers.url, another);
    expect([waiting.status, waiting.body.error.code]).toEqual([503, "overloaded"]);
    expect(waiting.headers.get("retry-after")).toBe("2");
    const content = { sha256: "", bytes, filename: "a", purpose: "vision", expiresAfter: null } as const;
    const large = await account.commit(blob, content, true);
    const refused = await uploadFile(workers.url, another);
    expect([refused.status, refused.body.error.code]).toEqual([403, "storage_limit_exceeded"]);
    await sdk(keys.free).files.delete(large?.file.id ?? "");
    expect((await uploadFile(workers.url, another)).status).toBe(200);
  });

  it("but not for lack of room that its purpose would not let it take, when its length is unknown", async () => {
    const accounts = await workers.miniflare.getDurableObjectNamespace("ACCOUNTS", "edgeclip");
    const account = accounts.getByName("free") as unknown as AccountFilesRpc;
    // 40 MB are left: enough for any picture, not for the largest file.
    const other = { blob: "1".repeat(24), key: "", uploadId: null, bytes: 960_000_000, maxBytes: 1e12 };
    expect(await account.begin(other, true)).toBe("begun");
    const sent = new Response(
      form([
        ["purpose", "vision"],
        ["file", new Blob([new Uint8Array(6_000_000)]), "a.png"],
      ]),
    );
    const response = await fetch(`${workers.url}/v1/files`, {
      method: "POST",
      headers: { ...bearer(keys.free), "content-type": sent.headers.get("content-type") ?? "" },
      body: sent.body,
      duplex: "half",
    } as RequestInit);
    expect([response.status, await response.text()]).toEqual([200, expect.stringContaining("a.png")]);
    await account.ended(other.blob);
  });
});

describe("a list is refused", () => {
  it.each([
    ["limit=0", "limit"],
    ["limit=10001", "limit"],
    ["limit=x", "limit"],
    ["order=up", "order"],
    ["after=file-1", "after"],
  ])("with %s", async (query, param) => {
    const { status, body } = await request(
      "GET",
      `${workers.url}/v1/files?${query}`,
      undefined,
      bearer(keys.a),
    );
    expect([status, body.error.param]).toEqual([400, param]);
  });
});
