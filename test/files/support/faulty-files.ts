/**
 * Stands between the Workers and the bucket of files: counts what R2 is asked, and fails some of it. `POST /` with
 * `{failing}` sets the share of operations that fail, half of them before they are done and half after; every answer is
 * what was asked since the last time.
 */
import type { V4WorkerOptions } from "miniflare";

const SCRIPT = `
import { RpcTarget, WorkerEntrypoint } from "cloudflare:workers";

let failing = 0;
let asked = [];

async function meet(operation, work) {
  asked.push(operation);
  const fate = Math.random() / failing;
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
    return { ...described(object), body: new Blob([bytes]).stream(), arrayBuffer: async () => bytes };
  }
  async head(key) {
    return described(await meet("head", () => this.env.FILES.head(key)));
  }
  async put(key, value, options) {
    // A stream that has passed between Workers has lost its length.
    const bytes = value instanceof ReadableStream ? await new Response(value).arrayBuffer() : value;
    return described(await meet("put", () => this.env.FILES.put(key, bytes, options)));
  }
  async delete(keys) {
    await meet("delete", () => this.env.FILES.delete(keys));
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
    if (request.method === "POST") ({ failing } = await request.json());
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
