/**
 * What lies between the bytes of the image tower and its first embedding on the project's own kernels, part by part, in
 * Node: in a Worker, clocks would have to be asked in the middle of it.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { syntheticInput } from "../../../build/synthetic/synthetic-tensor.ts";
import { instantiateKernels } from "../../../functions/runtime/simd/kernels.ts";
import { Program } from "../../../functions/runtime/simd/program.ts";
import { sha256Hex } from "../../../model-shards/sha256.ts";
import { readManifest } from "../../../scripts/models/read-manifest.ts";
import { median } from "../harness/statistics.ts";

const SIZE = 256;
const PAGE_BYTES = 65_536;
const MODULE = join(import.meta.dirname, "../../../.generated/simd/relaxed.wasm");

/** Milliseconds, medians. @param model folder of a built model */
export async function coldParts(model: string, rounds: number): Promise<Map<string, number>> {
  const { shards } = (await readManifest(model)).image;
  const read = (file: string): Promise<Uint8Array<ArrayBuffer>> =>
    readFile(join(model, file)).then((bytes) => new Uint8Array(bytes));
  const graphs = await Promise.all(shards.map(({ graph }) => read(graph.file)));
  const weights = await Promise.all(shards.map((shard) => read(shard.weights.file)));
  const wasm = await readFile(MODULE);
  const shape = [1, 3, SIZE, SIZE];
  const pixels = syntheticInput(`input:${SIZE}`, 3 * SIZE * SIZE);
  const all = new Map<string, number[]>();
  for (let round = 0; round < rounds; round++) {
    const measure = async <T>(part: string, work: () => T | Promise<T>): Promise<T> => {
      const begin = performance.now();
      const value = await work();
      all.set(part, [...(all.get(part) ?? []), performance.now() - begin]);
      return value;
    };
    // V8 keeps what it has compiled by its bytes: a custom section of another content makes it another module.
    const fresh = Buffer.concat([wasm, Buffer.from([0, 6, 1, 0x72, ...Buffer.from(String(1000 + round))])]);
    const module = await measure("compile the kernels", () => WebAssembly.compile(fresh));
    const memory = new WebAssembly.Memory({ initial: 1 });
    const kernels = await measure("instantiate them", () => instantiateKernels(module, memory));
    const program = await measure("read the graphs, plan the memory", () => {
      const planned = new Program(shards, graphs, kernels.dot);
      memory.grow(Math.ceil(planned.bytesNeeded(shape) / PAGE_BYTES));
      return planned;
    });
    for (const [i, { base }] of program.shards.entries()) {
      new Uint8Array(memory.buffer).set(weights[i] ?? new Uint8Array(0), base);
    }
    await measure("hash the weights", async () => {
      for (const { base, shard } of program.shards) {
        await sha256Hex(new Uint8Array(memory.buffer, base, shard.weights.bytes));
      }
    });
    await measure("bring the weights into the kernels' order", () => {
      for (const shard of program.shards) program.prepare(shard, kernels, memory);
    });
    const run = (): void => {
      const running = program.begin(memory, pixels, shape, []);
      program.advance(running, kernels);
      program.result(running, memory);
    };
    await measure("first run", run);
    for (let i = 0; i < 3; i++) await measure("each further run", run);
  }
  return new Map([...all].map(([part, times]) => [part, median(times)]));
}
