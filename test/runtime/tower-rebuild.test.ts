/** A tower whose WASM instance trapped: that run fails, and the next request gets a new instance. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { GraphBuilder } from "../../build/onnx/graph-builder.ts";
import { DATA_TYPE } from "../../build/onnx/proto.ts";
import { OrtEngine } from "../../functions/runtime/ort/ort-engine.ts";
import { Tower } from "../../functions/runtime/tower/tower.ts";
import { sha256Hex } from "../../model-shards/sha256.ts";
import { FolderBucket } from "../../scripts/towers/folder-bucket.ts";
import { ortModule } from "../../scripts/towers/compiled-ort.ts";
import { provideScheduler } from "../../scripts/towers/provide-scheduler.ts";

const waitUntil = (): void => {};
const visitor = { check: async () => {}, waitUntil };
const TRAP = -(2 ** 63);

provideScheduler();

const input = (value: number) => ({ data: Float32Array.of(value), shape: [1] });

/** `y = x / −1` in int64: the quotient of −2⁶³ does not exist, and WebAssembly traps. */
function trappingModel() {
  const graph = new GraphBuilder("trap", "trap.data");
  graph.input({ name: "x", shape: [1] });
  const integer = graph.node("Cast", "integer", ["x"], { to: DATA_TYPE.int64 });
  const quotient = graph.node("Div", "quotient", [integer, graph.integers([-1])]);
  const float = graph.node("Cast", "float", [quotient], { to: DATA_TYPE.float32 });
  graph.node("Mul", "y", [float, graph.weight("one", Float32Array.of(1), [1])]);
  graph.output({ name: "y", shape: [1] });
  return graph.finish();
}

it("starts over with a new instance, and others that wait for their turn get it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "edgeclip-"));
  try {
    const { graph, data } = trappingModel();
    await writeFile(join(folder, "trap.onnx"), graph);
    await writeFile(join(folder, "trap.data"), data);
    const shard = {
      graph: { file: "trap.onnx", bytes: graph.byteLength, sha256: await sha256Hex(graph) },
      weights: { file: "trap.data", bytes: data.byteLength, sha256: await sha256Hex(data) },
      inputs: [{ name: "x", shape: [1] }],
      output: { name: "y", shape: [1] },
      holds: "a trap",
      peak_activation_bytes: 1,
    };
    const wasm = await ortModule();
    const source = { bucket: new FolderBucket(folder), prefix: "." };
    const parts = { shards: [shard], source, inputShape: [1] };
    const tower = new Tower((given) => new OrtEngine(wasm, given), parts);
    await tower.ready(waitUntil);
    expect([...tower.run(input(5)).data]).toEqual([-5]);
    expect(() => tower.run(input(TRAP))).toThrow("aborted");
    expect(() => tower.run(input(5))).toThrow("aborted");
    await tower.ready(waitUntil);
    expect([...tower.run(input(7)).data]).toEqual([-7]);

    // The first that waits makes the new instance; the second stood in line before, and must not meet it empty.
    const [trapped, ...waiting] = await Promise.allSettled([
      tower.turn(visitor, () => tower.run(input(TRAP))),
      tower.turn(visitor, () => [...tower.run(input(9)).data]),
      tower.turn(visitor, () => [...tower.run(input(11)).data]),
    ]);
    expect(trapped.status).toBe("rejected");
    expect(waiting).toEqual([-9, -11].map((value) => ({ status: "fulfilled", value: [value] })));
  } finally {
    await rm(folder, { recursive: true });
  }
});
