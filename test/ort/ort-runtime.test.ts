/** The wrapper of onnxruntime: right numbers, errors after which it stays usable, memory that is bounded and freed. */
import { describe, expect, it } from "vitest";
import { GraphBuilder } from "../../build/onnx/graph-builder.ts";
import { DATA_TYPE } from "../../build/onnx/proto.ts";
import { Emitter } from "../../build/towers/emitter.ts";
import { createOrtRuntime, type OrtRuntime, type Tensor } from "../../functions/runtime/ort/ort-runtime.ts";
import { ortModule } from "../../scripts/towers/compiled-ort.ts";

const WEIGHTS = "weights.data";

/** A model `y = x @ w + b`; the weights of input k, counted from 1, are k. */
function linearModel(input: number, output: number, precision: "fp32" | "int8" = "fp32") {
  const graph = new GraphBuilder("linear", WEIGHTS);
  const x = graph.input({ name: "x", shape: ["n", input] });
  const weight = Float32Array.from({ length: output * input }, (_, i) => (i % input) + 1);
  const bias = new Float32Array(output).fill(100);
  new Emitter(precision).linear(graph, "y", x, { weight, bias, output, input });
  graph.output({ name: "y", shape: ["n", output] });
  return graph.finish();
}

/** `x / y` in int64. onnxruntime checks for y = 0, but −2⁶³ / −1 has no int64 result and is a WebAssembly trap. */
function quotientModel() {
  const graph = new GraphBuilder("quotient", WEIGHTS);
  const x = graph.input({ name: "x", shape: [1] }, "int64");
  const y = graph.input({ name: "y", shape: [1] }, "int64");
  graph.node("Cast", "quotient", [graph.node("Div", "integer", [x, y])], { to: DATA_TYPE.float32 });
  graph.output({ name: "quotient", shape: [1] });
  return graph.finish();
}

const int64 = (value: bigint): Tensor => ({ data: BigInt64Array.of(value), shape: [1] });

const start = async (maximumBytes = 64_000_000): Promise<OrtRuntime> =>
  await createOrtRuntime(await ortModule(), { initialBytes: 0, maximumBytes });

describe("onnxruntime", () => {
  it.each(["fp32", "int8"] as const)("computes a linear layer in %s", async (precision) => {
    const runtime = await start();
    const { graph, data } = linearModel(4, 3, precision);
    const session = runtime.createSession(graph, new Map([[WEIGHTS, data]]));
    expect(session.inputNames).toEqual(["x"]);
    expect(session.outputNames).toEqual(["y"]);
    const { y } = session.run({ x: { data: Float32Array.of(1, 1, 1, 1, 0, 0, 0, 2), shape: [2, 4] } });
    expect(y?.shape).toEqual([2, 3]);
    // 1 + 2 + 3 + 4 and 2 × 4. In int8, each product may have an error of half a step of 4/127.
    for (const [i, value] of [110, 110, 110, 108, 108, 108].entries())
      expect(y?.data[i]).toBeCloseTo(value, 0);
  });

  it("names what is wrong and goes on working", async () => {
    const runtime = await start();
    const { graph, data } = linearModel(4, 3);
    expect(() => runtime.createSession(graph, new Map())).toThrow(WEIGHTS);
    expect(() => runtime.createSession(graph.slice(0, 100), new Map([[WEIGHTS, data]]))).toThrow("protobuf");
    expect(() => runtime.createSession(graph, new Map([[WEIGHTS, data.slice(0, 8)]]))).toThrow("refused");
    const session = runtime.createSession(graph, new Map([[WEIGHTS, data]]));
    expect(() => session.run({})).toThrow("input x is missing");
    expect(() => session.run({ x: { data: new Float32Array(3), shape: [1, 4] } })).toThrow("3 elements");
    expect(() => session.run({ x: { data: new Float32Array(5), shape: [1, 5] } })).toThrow("code 2");
    const { y } = session.run({ x: { data: Float32Array.of(1, 1, 1, 1), shape: [1, 4] } });
    expect(y?.data[0]).toBe(110);
    session.release();
    expect(() => session.run({ x: { data: new Float32Array(4), shape: [1, 4] } })).toThrow("released");
  });

  it("stays below its maximum: too large a model is an error, the next one runs", async () => {
    const runtime = await start(32_000_000);
    const large = linearModel(2000, 4000);
    expect(() => runtime.createSession(large.graph, new Map([[WEIGHTS, large.data]]))).toThrow("bad_alloc");
    expect(runtime.memoryBytes).toBeLessThanOrEqual(32_000_000);
    expect(runtime.aborted).toBe(false);
    const small = linearModel(4, 3);
    expect(runtime.createSession(small.graph, new Map([[WEIGHTS, small.data]])).outputNames).toEqual(["y"]);
  });

  it("gives a session's memory back for the next one", async () => {
    const runtime = await start();
    const { graph, data } = linearModel(1000, 1000);
    const sizes: number[] = [];
    for (let i = 0; i < 50; i++) {
      const session = runtime.createSession(graph, new Map([[WEIGHTS, data]]));
      session.run({ x: { data: new Float32Array(1000), shape: [1, 1000] } });
      session.release();
      sizes.push(runtime.memoryBytes);
    }
    expect(sizes.at(-1)).toBe(sizes[2]);
  });

  it("runs beside another instance that is out of memory", async () => {
    const [full, other] = [await start(20_000_000), await start()];
    const { graph, data } = linearModel(1000, 4000);
    expect(() => full.createSession(graph, new Map([[WEIGHTS, data]]))).toThrow("bad_alloc");
    const session = other.createSession(graph, new Map([[WEIGHTS, data]]));
    expect(session.run({ x: { data: new Float32Array(1000), shape: [1, 1000] } })["y"]?.data[0]).toBe(100);
  });

  it("is done with after a trap, and a new one takes over", async () => {
    const [trapped, other] = [await start(), await start()];
    const { graph, data } = quotientModel();
    const divide = (runtime: OrtRuntime) => {
      const session = runtime.createSession(graph, new Map([[WEIGHTS, data]]));
      const run = (x: bigint, y: bigint) => session.run({ x: int64(x), y: int64(y) })["quotient"]?.data[0];
      return { run, release: () => session.release() };
    };
    const { run, release } = divide(trapped);
    expect(run(6n, 2n)).toBe(3);
    expect(() => run(6n, 0n)).toThrow("division by zero");
    expect(trapped.aborted).toBe(false);
    expect(() => run(-(2n ** 63n), -1n)).toThrow("onnxruntime aborted");
    expect(trapped.aborted).toBe(true);
    expect(() => run(6n, 2n)).toThrow("has aborted");
    expect(release).toThrow("has aborted");
    expect(() => divide(trapped)).toThrow("has aborted");

    for (const healthy of [other, await start()]) {
      expect(divide(healthy).run(6n, 2n)).toBe(3);
      expect(healthy.aborted).toBe(false);
    }
  });

  it("refuses a maximum below what onnxruntime itself needs", async () => {
    await expect(start(10_000_000)).rejects.toThrow("maximumBytes is 10000000");
  });

  it("starts with the planned memory, cut to the maximum", async () => {
    const wasm = await ortModule();
    const planned = await createOrtRuntime(wasm, { initialBytes: 40_000_000, maximumBytes: 64_000_000 });
    expect(planned.memoryBytes).toBe(Math.ceil(40_000_000 / 65_536) * 65_536);
    const cut = await createOrtRuntime(wasm, { initialBytes: 40_000_000, maximumBytes: 30_000_000 });
    expect(cut.memoryBytes).toBe(Math.floor(30_000_000 / 65_536) * 65_536);
  });
});
