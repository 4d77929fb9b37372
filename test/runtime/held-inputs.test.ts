/** Pictures that wait for an image tower are read when it is nearly their turn. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { V4WorkerOptions } from "miniflare";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { behindSlowR2, SLOW_R2, changeSlowR2 } from "../support/faulty/slow-r2.ts";
import { buildSynthetic } from "../support/models/synthetic-model.ts";
import { startWorkers } from "../support/workers.ts";

const SIZE = 256;
/** All places of the image tower's Worker: of one picture, of two, and in the background. */
const CALLS = [
  ...Array.from({ length: 16 }, () => "count=1"),
  ...Array.from({ length: 16 }, () => "count=2"),
  ...Array.from({ length: 8 }, () => "count=1&priority=background"),
];

/** `GET /?count=…` asks the image tower for so many pictures. */
const CALLER: V4WorkerOptions = {
  name: "caller",
  modules: [
    {
      type: "ESModule",
      path: "caller.js",
      contents: `
export default {
  async fetch(request, { VISION }) {
    const { searchParams } = new URL(request.url);
    const count = Number(searchParams.get("count"));
    let left = count;
    const pixels = new ReadableStream({
      type: "bytes",
      pull(controller) {
        if (left-- === 0) controller.close();
        else controller.enqueue(new Uint8Array(3 * ${SIZE} ** 2).fill(left));
      },
    });
    const priority = searchParams.get("priority") ?? undefined;
    const result = await VISION.embedPixels(pixels, count, () => true, "held-inputs", priority);
    return new Response(result.ok ? "ok" : result.error.code);
  },
};`,
    },
  ],
  compatibilityDate: "2026-10-20",
  serviceBindings: { VISION: "edgeclip-vision" },
  unsafeDirectSockets: [{}],
};

let folder: string;
let model: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgeclip-"));
  model = (await buildSynthetic("mini", folder, { imageSize: SIZE, shardBytes: 150_000 })).out;
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

it.each([
  ["one Worker", 1],
  ["two Workers", 2],
])("of %s", async (_, stages) => {
  const workers = await startWorkers({
    model,
    stages,
    change: (name, options) => (name.startsWith("edgeclip-vision") ? behindSlowR2(options) : options),
    add: [SLOW_R2, CALLER],
  });
  try {
    await changeSlowR2(workers, { held: true });
    const caller = await workers.miniflare.unsafeGetDirectURL("caller");
    const answers = CALLS.map(async (query) => await (await fetch(`${caller.href}?${query}`)).text());
    await sleep(3_000);
    const held = (await workers.memory(true)).get("edgeclip-vision")?.backingStorageBytes ?? Infinity;
    console.log(`${stages}: ${(held / 1e6).toFixed(1)} MB of buffers`);
    expect(held).toBeLessThan(4_000_000);
    await changeSlowR2(workers, { held: false });
    expect(await Promise.all(answers)).toEqual(CALLS.map(() => "ok"));
  } finally {
    await workers.dispose();
  }
});
