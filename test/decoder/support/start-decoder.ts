/** The decoder Worker alone in a real workerd, as bundled for deployment, and a Worker that calls it over RPC. */
import { convertV4MiniflareOptions, Miniflare, type V4WorkerOptions } from "miniflare";
import { frameHeader } from "../../../functions/runtime/file-frames.ts";
import type { RpcFailure, WorkerStats } from "../../../functions/runtime/rpc.ts";
import { isolateMemory } from "../../support/isolate-memory.ts";
import { workerOptions } from "../../support/workers.ts";
import { limitHeaps } from "../../support/isolate-heap.ts";

const CONFIG = "functions/decoder/wrangler.toml";

/** `POST /?size=…` framed files → their pixels, one after another; outcomes in a header. `POST /stats`. */
const CLIENT = `
export default {
  async fetch(request, { DECODER }) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/stats") return Response.json(await DECODER.stats());
    const results = await DECODER.decode(request.body, Number(searchParams.get("size")));
    const outcomes = results.map((result) => (result.ok ? null : result.error));
    const pixels = results.filter((result) => result.ok).map((result) => result.value.pixels);
    return new Response(new Blob(pixels), { headers: { outcomes: encodeURIComponent(JSON.stringify(outcomes)) } });
  },
};`;

/** A picture's pixels, uint8 RGB, or the reason why there are none. */
export type Outcome = { pixels: Uint8Array; error?: never } | { pixels?: never; error: RpcFailure };

export interface DecoderUnderTest {
  decode(files: Uint8Array[], size: number): Promise<Outcome[]>;
  stats(): Promise<WorkerStats>;
  /** WASM memory, ArrayBuffers and JavaScript heap of the isolate, bytes. */
  memory(): Promise<number>;
  dispose(): Promise<void>;
}

/** @param options replace the deployed decoder's options */
export async function startDecoder(options?: V4WorkerOptions): Promise<DecoderUnderTest> {
  const decoder = options ?? (await workerOptions(CONFIG));
  const name = decoder.name ?? "";
  const client: V4WorkerOptions = {
    name: "client",
    modules: [{ type: "ESModule", path: "client.js", contents: CLIENT }],
    compatibilityDate: "2026-10-20",
    serviceBindings: { DECODER: name },
  };
  limitHeaps();
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      port: 0,
      inspectorPort: 0,
      handleStructuredLogs: () => {},
      workers: [client, decoder],
    }),
  );
  const url = await miniflare.ready;
  const stats = async (): Promise<WorkerStats> =>
    (await (await fetch(new URL("/stats", url), { method: "POST" })).json()) as WorkerStats;
  return {
    stats,
    async decode(files, size) {
      const body = Buffer.concat(files.flatMap((file) => [frameHeader(file.length), file]));
      const response = await fetch(new URL(`/?size=${size}`, url), { method: "POST", body });
      if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
      const outcomes = JSON.parse(
        decodeURIComponent(response.headers.get("outcomes") ?? ""),
      ) as (RpcFailure | null)[];
      const pixels = await response.bytes();
      let at = 0;
      return outcomes.map((error) => {
        if (error !== null) return { error };
        at += size * size * 3;
        return { pixels: pixels.subarray(at - size * size * 3, at) };
      });
    },
    async memory() {
      const inspector = await miniflare.getInspectorURL();
      inspector.protocol = "http:";
      const { backingStorageBytes, heapBytes } = await isolateMemory(inspector, name);
      return backingStorageBytes + heapBytes + (await stats()).wasmBytes;
    },
    dispose: () => miniflare.dispose(),
  };
}

/** The pixels of the only picture. Throws if it was refused. */
export async function decodeOne(
  decoder: DecoderUnderTest,
  file: Uint8Array,
  size: number,
): Promise<Uint8Array> {
  const [outcome] = await decoder.decode([file], size);
  if (outcome?.pixels === undefined) throw new Error(`refused: ${JSON.stringify(outcome?.error)}`);
  return outcome.pixels;
}

/** The refusal of the only picture. Throws if it was decoded. */
export async function refusalOf(decoder: DecoderUnderTest, file: Uint8Array): Promise<RpcFailure> {
  const [outcome] = await decoder.decode([file], 64);
  if (outcome?.error === undefined) throw new Error("the picture was decoded, but a refusal was expected");
  return outcome.error;
}
