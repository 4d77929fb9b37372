/** The decoder Worker alone in a real workerd, as bundled for deployment, and a Worker that calls it over RPC. */
import { convertV4MiniflareOptions, Miniflare, type V4WorkerOptions } from "miniflare";
import { ByteReader } from "../../../functions/runtime/bytes/byte-reader.ts";
import { readDecoded } from "../../../functions/runtime/bytes/decoded-frames.ts";
import { frameHeader } from "../../../functions/runtime/bytes/file-frames.ts";
import type { RpcFailure, WorkerStats } from "../../../functions/runtime/rpc.ts";
import { isolateMemory } from "../../support/memory/isolate-memory.ts";
import { workerOptions } from "../../support/workers.ts";
import { limitHeaps } from "../../support/memory/isolate-heap.ts";

const CONFIG = "functions/decoder/wrangler.toml";

/** `POST /?size=…` framed files → what the decoder answers, as `decoded-frames.ts` writes it. `POST /stats`. */
const CLIENT = `
export default {
  async fetch(request, { DECODER }) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/stats") return Response.json(await DECODER.stats());
    const { readable, writable } = new IdentityTransformStream();
    const answer = new Response(readable).arrayBuffer();
    const priority = searchParams.get("priority") ?? undefined;
    await DECODER.decode(request.body, Number(searchParams.get("size")), writable, "test", priority);
    return new Response(await answer);
  },
};`;

/** A picture's pixels, uint8 RGB, or the reason why there are none. */
export type Outcome = { pixels: Uint8Array; error?: never } | { pixels?: never; error: RpcFailure };

export interface DecoderUnderTest {
  decode(files: Uint8Array[], size: number): Promise<Outcome[]>;
  stats(): Promise<WorkerStats>;
  /** WASM memory, ArrayBuffers and JavaScript heap of the isolate, bytes. */
  memory(): Promise<number>;
  /** Address of one of the further Workers. */
  direct(name: string): Promise<URL>;
  dispose(): Promise<void>;
}

/**
 * @param options replace the deployed decoder's options
 * @param add further Workers
 */
export async function startDecoder(
  options?: V4WorkerOptions,
  add: V4WorkerOptions[] = [],
): Promise<DecoderUnderTest> {
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
      workers: [client, decoder, ...add],
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
      const stream = new ByteReader(new Blob([await response.bytes()]).stream());
      const outcomes: Outcome[] = [];
      for (let next = await readDecoded(stream); next !== undefined; next = await readDecoded(stream)) {
        outcomes.push(next.ok ? next.value : { error: next.error });
      }
      return outcomes;
    },
    async memory() {
      const inspector = await miniflare.getInspectorURL();
      inspector.protocol = "http:";
      const { backingStorageBytes, heapBytes } = await isolateMemory(inspector, name);
      return backingStorageBytes + heapBytes + (await stats()).wasmBytes;
    },
    direct: (worker) => miniflare.unsafeGetDirectURL(worker),
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
