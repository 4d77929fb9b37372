/**
 * A simple implementation of the image tower, for comparison: one Worker, one file, one session. It reads the whole
 * file, creates the session, and then runs it. Weights and onnxruntime are the same, but nothing is cut, overlapped or
 * freed, so it needs more memory than a deployed isolate has.
 */
import { createOrtRuntime, type OrtSession } from "../../../functions/runtime/ort/ort-runtime.ts";
import ortWasm from "../../../.generated/ort/ort.wasm";

interface Env {
  MODELS: R2Bucket;
  /** `<alias>/<revision>` of a model built as one shard. */
  PREFIX: string;
}

const MEMORY = { initialBytes: 0, maximumBytes: 1_000_000_000 };

let session: OrtSession | undefined;

/** `POST /?size=` float32 NCHW → the embedding. */
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const size = Number(new URL(request.url).searchParams.get("size"));
    session ??= await load(env);
    const data = new Float32Array(await request.arrayBuffer());
    const output = session.run({ pixel_values: { data, shape: [1, 3, size, size] } })["image_embeds"];
    return new Response(output?.data as Float32Array<ArrayBuffer>);
  },
};

async function load(env: Env): Promise<OrtSession> {
  const graph = await readAll(env.MODELS, `${env.PREFIX}/image-00.onnx`);
  const weights = await readAll(env.MODELS, `${env.PREFIX}/image-00.data`);
  const runtime = await createOrtRuntime(ortWasm, MEMORY);
  return runtime.createSession(graph, new Map([["image-00.data", weights]]));
}

async function readAll(bucket: R2Bucket, key: string): Promise<Uint8Array> {
  const object = await bucket.get(key);
  if (object === null) throw new Error(`${key} is missing`);
  return new Uint8Array(await new Response(object.body).arrayBuffer());
}
