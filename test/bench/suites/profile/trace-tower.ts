/**
 * Runs a model's image tower under onnxruntime-web's profiler: `node trace-tower.ts <model> <runs>`. It runs in a
 * process of its own, because the profiler writes its trace to the standard output without using `console`.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { syntheticInput } from "../../../../build/synthetic/synthetic-tensor.ts";
import { readManifest } from "../../../../scripts/models/read-manifest.ts";

/** The part of onnxruntime-web's own package that is used. */
interface OrtWeb {
  env: { wasm: { numThreads: number } };
  Tensor: new (type: "float32", data: Float32Array, shape: readonly number[]) => OrtTensor;
  InferenceSession: { create(graph: Uint8Array, options: object): Promise<OrtSession> };
}
interface OrtTensor {
  data: Float32Array;
  dims: readonly number[];
}
interface OrtSession {
  run(feeds: Record<string, OrtTensor>): Promise<Record<string, OrtTensor>>;
  endProfiling(): void;
  release(): Promise<void>;
}

const [, , folder = "", runs] = process.argv;
const ort = (await import("onnxruntime-web/wasm" as string)) as OrtWeb;
ort.env.wasm.numThreads = 1;
const { size, shards } = (await readManifest(folder)).image;
let value = new ort.Tensor("float32", syntheticInput(`input:${size}`, 3 * size * size), [1, 3, size, size]);
for (const { graph, weights, inputs, output } of shards) {
  const session = await ort.InferenceSession.create(await readFile(join(folder, graph.file)), {
    externalData: [{ path: weights.file, data: await readFile(join(folder, weights.file)) }],
    enableProfiling: true,
    executionProviders: ["wasm"],
  });
  let result = value;
  for (let round = 0; round < Number(runs); round++) {
    result = (await session.run({ [inputs[0]?.name ?? ""]: value }))[output.name] ?? value;
  }
  value = new ort.Tensor("float32", result.data.slice(), result.dims);
  session.endProfiling();
  await session.release();
}
