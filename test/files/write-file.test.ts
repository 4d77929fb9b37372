/** Files that the service writes itself, from streams, and reads in pieces: by a Worker as the jobs Worker is bound. */
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import type { V4WorkerOptions } from "miniflare";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Answer, request } from "../support/send-request.ts";
import { startWorkers, type Workers } from "../support/workers.ts";
import { NOTHING, stored } from "./support/leftovers.ts";

const FILES = join(import.meta.dirname, "../../functions/files");

/**
 * `POST /?bytes=…&piece=…` writes a file of so many bytes, the i-th being i mod 251, in pieces; with `fails=…`, the
 * source fails after so many; with `seconds=…`, a piece takes so long, by the Worker's clock; with `dead=1`, the upload
 * is taken for dead before it shows life. `GET /?id=…&offset=…&length=…` is a piece of a file.
 */
const SCRIPT = `
import { AccountFiles } from "./account-files.ts";
import { writeFile } from "./write-file.ts";

let cancelled = 0;
let late = 0;
const now = Date.now;
Date.now = () => now() + late;

function source(bytes, piece, fails, seconds) {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= fails) return controller.error(new Error("the source fails"));
      if (at >= bytes) return controller.close();
      const length = Math.min(piece, bytes - at);
      const values = new Uint8Array(length);
      for (let i = 0; i < length; i++) values[i] = (at + i) % 251;
      controller.enqueue(values);
      late += seconds * 1000;
      at += length;
    },
    cancel() {
      cancelled++;
    },
  }, { highWaterMark: 0 });
}

export default {
  async fetch(request, env) {
    const query = Object.fromEntries(new URL(request.url).searchParams);
    const number = (name, otherwise) => Number(query[name] ?? otherwise);
    const files = new AccountFiles(env, "public");
    let touches = 0;
    const touch = files.touch.bind(files);
    files.touch = async (blob) => {
      touches++;
      if (query.dead) await files.abandon(blob);
      return await touch(blob);
    };
    try {
      if (request.method === "GET") {
        const range = { offset: number("offset"), length: number("length") };
        const file = await files.blobs.open(query.id, range);
        const piece = file && [...new Uint8Array(await file.arrayBuffer())];
        return Response.json({ bytes: file?.bytes, piece });
      }
      const bytes = number("bytes");
      const file = await writeFile(files, source(bytes, number("piece"), number("fails", Infinity), number("seconds", 0)), {
        most: bytes,
        maxStored: number("stored", 1e9),
        filename: "output.jsonl",
        purpose: "batch_output",
        expiresAfter: null,
      });
      return Response.json({ file, touches });
    } catch (error) {
      return Response.json({ error: error.code ?? error.message, cancelled }, { status: 500 });
    }
  },
};`;

let storage: string;
let workers: Workers;
let url: string;

beforeAll(async () => {
  storage = await mkdtemp(join(tmpdir(), "edgeclip-files-"));
  const { outputFiles } = await build({
    stdin: { contents: SCRIPT, resolveDir: FILES },
    bundle: true,
    write: false,
    format: "esm",
    target: "esnext",
  });
  const writer = {
    name: "writer",
    modules: [{ type: "ESModule", path: "writer.js", contents: outputFiles[0]?.text ?? "" }],
    compatibilityDate: "2026-10-20",
    r2Buckets: { FILES: "edgeclip-files" },
    durableObjects: {
      ACCOUNTS: { className: "AccountState", scriptName: "edgeclip-state", useSQLite: true },
    },
    unsafeDirectSockets: [{}],
  } as V4WorkerOptions;
  workers = await startWorkers({ storage, add: [writer] });
  url = (await workers.miniflare.unsafeGetDirectURL("writer")).href;
});

afterAll(async () => {
  await workers.dispose();
  await rm(storage, { recursive: true });
});

const write = async (query: Record<string, number>): Promise<Answer> => {
  const parameters = Object.entries(query).map(([name, value]) => `${name}=${value}`);
  return await request("POST", `${url}?${parameters.join("&")}`);
};

function expected(bytes: number): Buffer {
  const values = Buffer.alloc(bytes);
  for (let i = 0; i < bytes; i++) values[i] = i % 251;
  return values;
}

it("a file from a stream is the account's as any other, and read in pieces", async () => {
  for (const [bytes, piece] of [
    [5, 2],
    [12_000_000, 700_001],
  ] as const) {
    const whole = expected(bytes);
    const { body } = await write({ bytes, piece });
    expect(body.file).toMatchObject({ bytes, purpose: "batch_output", filename: "output.jsonl" });
    const { id } = body.file;
    expect((await request("GET", `${workers.url}/v1/files/${id}`)).body).toEqual(body.file);
    const content = await fetch(`${workers.url}/v1/files/${id}/content`);
    const hash = createHash("sha256").update(Buffer.from(await content.arrayBuffer()));
    expect(hash.digest("hex")).toBe(createHash("sha256").update(whole).digest("hex"));
    for (const [offset, length] of [
      [0, 3],
      [bytes - 4, 2],
      [bytes - 1, 1000],
    ] as const) {
      const read = await request("GET", `${url}?id=${id}&offset=${offset}&length=${length}`);
      const wanted = [...whole.subarray(offset, offset + length)];
      expect(read.body).toEqual({ bytes, piece: wanted });
    }
    expect((await request("DELETE", `${workers.url}/v1/files/${id}`)).status).toBe(200);
  }
  expect(await stored(storage)).toEqual(NOTHING);
});

it("of an empty stream is none", async () => {
  expect((await write({ bytes: 0, piece: 1 })).body).toEqual({ touches: 0 });
  expect(await stored(storage)).toEqual(NOTHING);
});

it("whose source fails leaves nothing behind", async () => {
  for (const fails of [0, 1_000_000, 8_000_000]) {
    const { body } = await write({ bytes: 12_000_000, piece: 500_000, fails });
    expect(body.error).toBe("the source fails");
    expect(await stored(storage)).toEqual(NOTHING);
  }
});

it("that the account has no room for cancels its source", async () => {
  const { body } = await write({ bytes: 12_000_000, piece: 500_000, stored: 11_999_999 });
  expect(body).toEqual({ error: "storage_limit_exceeded", cancelled: 1 });
  expect(await stored(storage)).toEqual(NOTHING);
});

it("that comes slowly shows that it is alive, every two minutes; one that was taken for dead ends", async () => {
  const slow = { bytes: 12_000_000, piece: 1_000_000, seconds: 50 };
  const { body } = await write(slow);
  // Six pieces come before anybody knows of it; of the others, every third.
  expect(body).toMatchObject({ touches: 2, file: { bytes: 12_000_000 } });
  expect((await request("DELETE", `${workers.url}/v1/files/${body.file.id}`)).status).toBe(200);
  const dead = await write({ ...slow, dead: 1 });
  expect(dead.body).toMatchObject({ error: "overloaded" });
  expect(await stored(storage)).toEqual(NOTHING);
});
