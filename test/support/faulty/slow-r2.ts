/**
 * A stand-in for R2 with what local R2 lacks: time to the first byte and a bandwidth. It is bound where a tower
 * expects its bucket, passes reads on to the real local bucket, and counts them.
 *
 * `GET /` answers the keys read so far, in order; `POST /` with `SlowR2Settings` changes the figures.
 */
import type { Miniflare, V4WorkerOptions } from "miniflare";
import { eventually } from "../eventually.ts";

const SCRIPT = `
import { WorkerEntrypoint } from "cloudflare:workers";

let settings = { latency: 40, bytesPerSecond: 30e6, held: false };
let reads = [];

export class SlowR2 extends WorkerEntrypoint {
  async get(key, options) {
    reads.push(key);
    await scheduler.wait(settings.latency);
    while (settings.held && !key.endsWith(".json")) await scheduler.wait(20);
    const object = await this.env.MODELS.get(key, options);
    if (object === null) return null;
    const { readable, writable } = new IdentityTransformStream();
    this.ctx.waitUntil(drip(object.body, writable).catch(() => {}));
    return { size: object.size, body: readable };
  }
}

// In large pieces: R2 costs a Worker nothing but the bytes, so the stand-in's own work must not count.
const PIECE = 262_144;
const BUFFERED_MS = 20;

async function drip(body, writable) {
  const reader = body.getReader({ mode: "byob" });
  const writer = writable.getWriter();
  let due = Date.now();
  for (;;) {
    const { done, value: piece } = await reader.readAtLeast(PIECE, new Uint8Array(PIECE));
    if (piece?.byteLength > 0) {
      // A line is not faster because nobody read for a while: only little has been buffered. Waits are whole
      // milliseconds.
      due = Math.max(due, Date.now() - BUFFERED_MS) + 1000 * piece.byteLength / settings.bytesPerSecond;
      const ahead = due - Date.now();
      if (ahead > 5) await scheduler.wait(ahead);
      await writer.write(piece);
    }
    if (done || !(piece?.byteLength > 0)) break;
  }
  await writer.close();
}

export default {
  async fetch(request) {
    if (request.method === "POST") settings = { ...settings, ...(await request.json()) };
    return Response.json(reads);
  },
};`;

export const SLOW_R2: V4WorkerOptions = {
  name: "slow-r2",
  modules: [{ type: "ESModule", path: "slow-r2.js", contents: SCRIPT }],
  compatibilityDate: "2026-10-20",
  r2Buckets: { MODELS: "edgeclip-models" },
  unsafeDirectSockets: [{}],
};

/** Figures of a bucket in the Worker's region, and of one across an ocean. */
export const NEAR = { latency: 40, bytesPerSecond: 30e6 };
export const FAR = { latency: 200, bytesPerSecond: 8e6 };

interface SlowR2Settings {
  /** Milliseconds to the first byte. */
  latency?: number;
  bytesPerSecond?: number;
  /** While it is true no shard is read, only manifests. */
  held?: boolean;
}

interface Deployment {
  miniflare: Miniflare;
}

export async function changeSlowR2({ miniflare }: Deployment, settings: SlowR2Settings): Promise<void> {
  const url = await miniflare.unsafeGetDirectURL("slow-r2");
  await fetch(url, { method: "POST", body: JSON.stringify(settings) });
}

/** The keys read so far, in order. */
export async function readsOfSlowR2({ miniflare }: Deployment): Promise<string[]> {
  const url = await miniflare.unsafeGetDirectURL("slow-r2");
  return (await (await fetch(url)).json()) as string[];
}

/** Resolves when a key that ends with `end` has been asked for. @throws Error if that takes two minutes */
export async function untilRead(deployment: Deployment, end: string): Promise<void> {
  const isRead = async (): Promise<boolean> =>
    (await readsOfSlowR2(deployment)).some((key) => key.endsWith(end));
  await eventually(isRead, { pollMs: 20 });
}

/** Binds the stand-in in place of a Worker's bucket. */
export function behindSlowR2(options: V4WorkerOptions): V4WorkerOptions {
  const MODELS = { name: "slow-r2", entrypoint: "SlowR2" };
  const others = Object.entries(options.r2Buckets ?? {}).filter(([binding]) => binding !== "MODELS");
  const r2Buckets = Object.fromEntries(others) as Record<string, string>;
  return { ...options, r2Buckets, serviceBindings: { ...options.serviceBindings, MODELS } };
}
