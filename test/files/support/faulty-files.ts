/**
 * Stands between the Workers and the bucket of files: counts what R2 is asked, and fails some of it. `POST /` with
 * `{failing, operation, after, paced}` sets the share of operations that fail, half of them before they are done and half
 * after (with 2, all of them before); which, if not all; after how many; and whether an object takes one write a second, as Cloudflare's R2 has it and the local one
 * has not. Every answer is what was asked since the last time. `GET /cancelled` tells how many bodies were cancelled.
 */
import type { V4WorkerOptions } from "miniflare";
import type { Workers } from "../../support/workers.ts";

const SCRIPT = `
import { RpcTarget, WorkerEntrypoint } from "cloudflare:workers";

let failing = 0;
let only;
let spared = 0;
let paced = false;
let asked = [];
let cancelled = 0;
/** When each object was last written. */
const written = new Map();

function takeTurn(keys) {
  for (const key of [keys].flat()) {
    const before = written.get(key) ?? 0;
    if (paced && Date.now() - before < 1000) {
      throw new Error("put: Reduce your concurrent request rate for the same object. (10058)");
    }
    written.set(key, Date.now());
  }
}

async function meet(operation, work) {
  asked.push(operation);
  const isMeant = only === undefined || only === operation;
  const fate = isMeant && spared-- <= 0 ? Math.random() / failing : Infinity;
  if (fate < 0.5) throw new Error("R2 was made to fail before " + operation);
  const result = await work();
  if (fate < 1) throw new Error("R2 was made to fail after " + operation);
  return result;
}

class Parts extends RpcTarget {
  #upload;
  constructor(upload) {
    super();
    this.#upload = upload;
  }
  async uploadPart(number, bytes) {
    const { etag, partNumber } = await meet("uploadPart", () => this.#upload.uploadPart(number, bytes));
    return { etag, partNumber };
  }
  async complete(parts) {
    await meet("complete", () => this.#upload.complete(parts));
  }
  async abort() {
    await meet("abort", () => this.#upload.abort());
  }
}

const described = (object) =>
  object && { key: object.key, size: object.size, etag: object.etag, customMetadata: object.customMetadata };

export class Files extends WorkerEntrypoint {
  async get(key, options) {
    const object = await meet("get", () => this.env.FILES.get(key, options));
    if (object === null) return null;
    const bytes = await object.arrayBuffer();
    const { readable, writable } = new IdentityTransformStream();
    const sent = new Blob([bytes]).stream().pipeTo(writable).catch(() => cancelled++);
    this.ctx.waitUntil(sent);
    const text = async () => new TextDecoder().decode(bytes);
    return { ...described(object), body: readable, arrayBuffer: async () => bytes, text };
  }
  async head(key) {
    return described(await meet("head", () => this.env.FILES.head(key)));
  }
  async put(key, value, options) {
    const put = async () => {
      // A stream that has passed between Workers has lost its length.
      const bytes = value instanceof ReadableStream ? await new Response(value).arrayBuffer() : value;
      takeTurn(key);
      return await this.env.FILES.put(key, bytes, options);
    };
    return described(await meet("put", put));
  }
  async delete(keys) {
    await meet("delete", () => {
      takeTurn(keys);
      return this.env.FILES.delete(keys);
    });
  }
  async list(options) {
    const { objects, truncated, cursor, delimitedPrefixes } = await meet("list", () => this.env.FILES.list(options));
    return { objects: objects.map(described), truncated, cursor, delimitedPrefixes };
  }
  async createMultipartUpload(key, options) {
    const { uploadId } = await meet("createMultipartUpload", () => this.env.FILES.createMultipartUpload(key, options));
    return { key, uploadId };
  }
  resumeMultipartUpload(key, uploadId) {
    return new Parts(this.env.FILES.resumeMultipartUpload(key, uploadId));
  }
}

export default {
  async fetch(request) {
    if (request.url.endsWith("/cancelled")) return Response.json(cancelled);
    if (request.method === "POST") {
      ({ failing = 0, operation: only, after: spared = 0, paced = false } = await request.json());
    }
    const answer = Response.json(asked);
    asked = [];
    return answer;
  },
};`;

export const FAULTY_FILES: V4WorkerOptions = {
  name: "faulty-files",
  modules: [{ type: "ESModule", path: "faulty-files.js", contents: SCRIPT }],
  compatibilityDate: "2026-10-20",
  r2Buckets: { FILES: "edgeclip-files" },
  unsafeDirectSockets: [{}],
};

export interface FilesFaults {
  failing?: number;
  operation?: string;
  after?: number;
  paced?: boolean;
}

/** @returns what was asked since the last time */
export async function setFaults({ miniflare }: Workers, faults: FilesFaults): Promise<string[]> {
  const url = await miniflare.unsafeGetDirectURL("faulty-files");
  return (await (await fetch(url, { method: "POST", body: JSON.stringify(faults) })).json()) as string[];
}

/** Bodies of objects that were not read to the end, so far. */
export async function cancelledBodies({ miniflare }: Workers): Promise<number> {
  const url = await miniflare.unsafeGetDirectURL("faulty-files");
  return (await (await fetch(new URL("/cancelled", url))).json()) as number;
}

/** Binds the stand-in in place of a Worker's bucket of files. */
export function behindFaultyFiles(options: V4WorkerOptions): V4WorkerOptions {
  const buckets = Object.entries((options.r2Buckets ?? {}) as Record<string, string>);
  if (!buckets.some(([binding]) => binding === "FILES")) return options;
  const FILES = { name: "faulty-files", entrypoint: "Files" };
  return {
    ...options,
    r2Buckets: Object.fromEntries(buckets.filter(([binding]) => binding !== "FILES")),
    serviceBindings: { ...options.serviceBindings, FILES },
  };
}
