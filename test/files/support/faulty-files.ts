/**
 * Stands between the Workers and the buckets of files and vectors: counts what R2 is asked of files, and fails some of
 * it. `POST /` with `{failing, operation, after, paced}` sets the share of operations that fail, half of them before
 * they are done and half after (with 2, all of them before); which, if not all; after how many; and whether an object
 * takes one write a second, as Cloudflare's R2 has it and the local one has not. Every answer is what was asked since
 * the last time. `GET /cancelled` tells how many bodies were cancelled.
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
  const isMeant = only === undefined || only === operation;
  const fate = isMeant && spared-- <= 0 ? Math.random() / failing : Infinity;
  if (fate < 0.5) throw new Error("R2 was made to fail before " + operation);
  const result = await work();
  if (fate < 1) throw new Error("R2 was made to fail after " + operation);
  return result;
}

class Parts extends RpcTarget {
  #upload;
  #meet;
  constructor(upload, meet) {
    super();
    this.#upload = upload;
    this.#meet = meet;
  }
  async uploadPart(number, bytes) {
    const { etag, partNumber } = await this.#meet("uploadPart", () => this.#upload.uploadPart(number, bytes));
    return { etag, partNumber };
  }
  async complete(parts) {
    await this.#meet("complete", () => this.#upload.complete(parts));
  }
  async abort() {
    await this.#meet("abort", () => this.#upload.abort());
  }
}

const described = (object) =>
  object && { key: object.key, size: object.size, etag: object.etag, customMetadata: object.customMetadata };

class Bucket extends WorkerEntrypoint {
  async get(key, options) {
    const object = await this.meet("get", () => this.bucket.get(key, options));
    if (object === null) return null;
    const bytes = await object.arrayBuffer();
    const { readable, writable } = new IdentityTransformStream();
    const sent = new Blob([bytes]).stream().pipeTo(writable).catch(() => cancelled++);
    this.ctx.waitUntil(sent);
    const text = async () => new TextDecoder().decode(bytes);
    return { ...described(object), body: readable, arrayBuffer: async () => bytes, text };
  }
  async head(key) {
    return described(await this.meet("head", () => this.bucket.head(key)));
  }
  async put(key, value, options) {
    const put = async () => {
      // A stream that has passed between Workers has lost its length.
      const bytes = value instanceof ReadableStream ? await new Response(value).arrayBuffer() : value;
      takeTurn(key);
      return await this.bucket.put(key, bytes, options);
    };
    return described(await this.meet("put", put));
  }
  async delete(keys) {
    await this.meet("delete", () => {
      takeTurn(keys);
      return this.bucket.delete(keys);
    });
  }
  async list(options) {
    const { objects, truncated, cursor, delimitedPrefixes } = await this.meet("list", () => this.bucket.list(options));
    return { objects: objects.map(described), truncated, cursor, delimitedPrefixes };
  }
  async createMultipartUpload(key, options) {
    const { uploadId } = await this.meet("createMultipartUpload", () => this.bucket.createMultipartUpload(key, options));
    return { key, uploadId };
  }
  resumeMultipartUpload(key, uploadId) {
    return new Parts(this.bucket.resumeMultipartUpload(key, uploadId), (...what) => this.meet(...what));
  }
}

export class Files extends Bucket {
  get bucket() {
    return this.env.FILES;
  }
  async meet(operation, work) {
    asked.push(operation);
    return await meet(operation, work);
  }
}

export class Vectors extends Bucket {
  get bucket() {
    return this.env.VECTORS;
  }
  async meet(operation, work) {
    return await meet(operation, work);
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
  r2Buckets: { FILES: "edgeclip-files", VECTORS: "edgeclip-vectors" },
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

const ENTRYPOINTS = { FILES: "Files", VECTORS: "Vectors" };

/** Binds the stand-in in place of a Worker's buckets of files and of vectors. */
export function behindFaultyFiles(options: V4WorkerOptions): V4WorkerOptions {
  const buckets = Object.entries((options.r2Buckets ?? {}) as Record<string, string>);
  const isFaulty = ([binding]: [string, unknown]): boolean => binding in ENTRYPOINTS;
  const faulty = Object.entries(ENTRYPOINTS)
    .filter(([binding]) => buckets.some(([bound]) => bound === binding))
    .map(([binding, entrypoint]) => [binding, { name: "faulty-files", entrypoint }]);
  return {
    ...options,
    r2Buckets: Object.fromEntries(buckets.filter((bucket) => !isFaulty(bucket))),
    serviceBindings: { ...options.serviceBindings, ...Object.fromEntries(faulty) },
  };
}
