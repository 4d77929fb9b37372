/**
 * Runs the towers in a workerd that refuses shared memory, as Cloudflare does and local workerd does not. Before any of
 * their modules runs, `SharedArrayBuffer` and `Atomics.waitAsync` are removed, and a shared `WebAssembly.Memory`
 * throws.
 */
import type { V4WorkerOptions } from "miniflare";
import { afterAll, beforeAll, expect, it } from "vitest";
import { exampleBase64 } from "../support/example-pictures.ts";
import { post } from "../support/post.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

const TRAP = `
const Memory = WebAssembly.Memory;
WebAssembly.Memory = class extends Memory {
  constructor(descriptor) {
    if (descriptor.shared) throw new Error("shared memory is not permitted");
    super(descriptor);
  }
};
delete globalThis.SharedArrayBuffer;
delete Atomics.waitAsync;
export const trapped = () => {
  try {
    new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    return false;
  } catch {
    return typeof SharedArrayBuffer === "undefined";
  }
};`;

/** Modules run in the order of imports, so shared memory is removed before the Worker's own code runs. */
const entry = (main: string): string => `
import { trapped } from "./trap.js";
export { default } from "./${main}";
console.log("trapped: " + trapped());`;

let workers: Workers;

function withTrap(name: string, options: V4WorkerOptions): V4WorkerOptions {
  if (!/vision|text/.test(name) || !("modules" in options) || !Array.isArray(options.modules)) return options;
  const extra = [
    { type: "ESModule" as const, path: "entry.js", contents: entry(options.modules[0]?.path ?? "") },
    { type: "ESModule" as const, path: "trap.js", contents: TRAP },
  ];
  return { ...options, modules: [...extra, ...options.modules] };
}

beforeAll(async () => {
  workers = await startWorkers({ engine: "ort", change: withTrap });
});

afterAll(async () => {
  await workers.dispose();
});

it("classifies where shared memory is refused", async () => {
  const image = await exampleBase64("fox.png");
  const { body } = await post(`${workers.url}/v1/classify`, { image, labels: ["fox", "bus"] });
  expect(body.data?.[0].prediction, JSON.stringify(body)).toBe("fox");
  const traps = workers.logs.filter((line) => line.includes("trapped: "));
  expect(traps).toHaveLength(2);
  expect(traps.every((line) => line.includes("trapped: true"))).toBe(true);
});
