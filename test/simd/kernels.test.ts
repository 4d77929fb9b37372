/** Compares each kernel, in both modules, with simple code for the same computation, on random and unusual shapes. */
import { describe, expect, it } from "vitest";
import {
  ACTIVATION,
  attentionBytes,
  activationBytes,
  LAYOUT,
  type Layout,
  layoutFor,
  orderBytes,
  ROW_PARAMETERS,
  widenedBytes,
} from "../../functions/runtime/simd/kernels.ts";
import { KernelBench, simdModule } from "../support/models/simd-kernels.ts";
import { random } from "../support/random.ts";

const next = random(7);
/** A number in [−1, 1). */
const signed = (): number => 2 * next() - 1;
const floats = (length: number, scale = 1): Float32Array =>
  Float32Array.from({ length }, () => scale * signed());
const weights8 = (length: number): Int8Array => Int8Array.from({ length }, () => Math.round(127 * signed()));

/** The largest difference of two values; NaN if one of them is, infinite if the lengths differ. */
function distance(found: Float32Array, wanted: ArrayLike<number>): number {
  if (found.length !== wanted.length) return Infinity;
  return found.reduce((most, value, i) => {
    const difference = Math.abs(value - (wanted[i] ?? NaN));
    return difference > most || Number.isNaN(difference) ? difference : most;
  }, 0);
}

interface Problem {
  rows: number;
  columns: number;
  k: number;
  x: Float32Array;
  weights: Int8Array;
  scales: Float32Array;
}

function problem(rows: number, columns: number, k: number, x = floats(rows * k, 3)): Problem {
  return { rows, columns, k, x, weights: weights8(k * columns), scales: floats(columns).map(Math.abs) };
}

interface Multiplication {
  layout?: Layout;
  levels?: 127 | 255;
  bias?: number;
  residual?: number;
  activation?: number;
  /** Bytes of room for weights that are widened once. */
  widen?: number;
}

/** Quantizes and multiplies with the kernels. */
function multiply(
  bench: KernelBench,
  { rows, columns, k, x, weights, scales }: Problem,
  {
    layout = "wide",
    levels = 255,
    bias = 0,
    residual = 0,
    activation = ACTIVATION.none,
    widen = widenedBytes(layout, rows, k),
  }: Multiplication = {},
): Float32Array {
  const { kernels } = bench;
  const packed = bench.room(weights.length);
  const order = bench.room(orderBytes(layout, k, columns));
  const sums = bench.room(4 * columns);
  kernels.packInt8(LAYOUT[layout], bench.put(weights), packed, order, sums, k, columns);
  const quantized = bench.room(activationBytes(layout, rows, k));
  const parameters = bench.room(ROW_PARAMETERS * rows);
  kernels.quantizeRows(LAYOUT[layout], bench.put(x), quantized, parameters, rows, k, levels);
  const out = bench.room(4 * rows * columns);
  const operands = [quantized, parameters, packed, order, bench.put(scales), sums, bias, residual, out];
  const widened = widen > 0 ? bench.room(widen) : 0;
  kernels.matmulInt8(LAYOUT[layout], ...operands, rows, columns, k, activation, widened);
  return bench.floats(out, rows * columns);
}

/** The layouts that are exact on this host for so many levels. */
function layouts({ kernels: { dot } }: KernelBench, levels: 127 | 255, k: number): Layout[] {
  const found: Layout[] = ["wide"];
  if (dot === "bytes" || (dot === "7-bit" && levels === 127)) found.push("bytes");
  if (dot !== "none" && levels === 127 && k % 8 === 0) found.push("pairs");
  return found;
}

/** The expected result in double precision, with activations rounded as in `quantize.ts`. */
function expected({ rows, columns, k, x, weights, scales }: Problem, levels = 255): Float64Array {
  const out = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const values = x.subarray(row * k, (row + 1) * k);
    const low = Math.min(0, ...values);
    const range = Math.fround(Math.max(0, ...values) - low);
    const inverse = range > 0 ? Math.fround(levels / range) : 0;
    const zero = roundEven(Math.fround(-low * inverse));
    const q = Array.from(values, (value) =>
      Math.min(levels, Math.max(0, roundEven(Math.fround(value * inverse)) + zero)),
    );
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let step = 0; step < k; step++)
        sum += ((q[step] ?? 0) - zero) * (weights[step * columns + column] ?? 0);
      out[row * columns + column] = sum * (range / levels) * (scales[column] ?? 0);
    }
  }
  return out;
}

function roundEven(value: number): number {
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

/** Relative to the largest output: the kernels scale in single precision. */
const tolerance = (values: ArrayLike<number>): number => 2e-6 * Math.max(1, ...Array.from(values, Math.abs));

const SHAPES = [
  [1, 8, 4],
  [1, 640, 1024],
  [5, 24, 20],
  [6, 16, 36],
  [7, 8, 52],
  [12, 40, 160],
  [13, 64, 12],
  [31, 16, 20],
] as const;

it.each(["relaxed", "plain"] as const)("%s declares a page of memory", async (variant) => {
  const memory = new WebAssembly.Memory({ initial: 0 });
  // Otherwise V8 checks every address, constant ones too, where it has no trap handler, as in workerd.
  await expect(WebAssembly.instantiate(await simdModule(variant), { env: { memory } })).rejects.toThrow(
    /smaller than the declared initial of 1/,
  );
});

describe.each(["relaxed", "plain"] as const)("%s", (variant) => {
  it.each(SHAPES)("multiplies %i × %i, K %i, in int8", async (rows, columns, k) => {
    const bench = await KernelBench.create(variant);
    const task = problem(rows, columns, k);
    for (const levels of [127, 255] as const) {
      const wanted = expected(task, levels);
      const found = layouts(bench, levels, k).map((layout) => multiply(bench, task, { layout, levels }));
      expect(distance(found[0] ?? floats(0), wanted)).toBeLessThanOrEqual(tolerance(wanted));
      for (const other of found) expect(other).toEqual(found[0]);
    }
  });

  it("gives the same whether weights are widened once or for every tile", async () => {
    const bench = await KernelBench.create(variant);
    for (const [rows, columns, k] of SHAPES) {
      const task = problem(rows, columns, k);
      const found = [0, 16 * k].map((widen) => multiply(bench, task, { widen }));
      expect(found[1]).toEqual(found[0]);
    }
  });

  it.each(SHAPES)("gives %i × %i, K %i, what 8 bits leave of activations", async (rows, _, k) => {
    const bench = await KernelBench.create(variant);
    const { kernels } = bench;
    const x = floats(rows * k, 3);
    const [source, target] = [bench.put(x), bench.room(4 * rows * k)];
    const parameters = bench.room(ROW_PARAMETERS * rows);
    const found = (["wide", "bytes"] as const).map((layout) => {
      const quantized = bench.room(activationBytes(layout, rows, k));
      kernels.quantizeRows(LAYOUT[layout], source, quantized, parameters, rows, k, 255);
      kernels.residues(LAYOUT[layout], source, quantized, parameters, target, rows, k);
      return bench.floats(target, rows * k);
    });
    expect(found[1]).toEqual(found[0]);
    const steps = new Float32Array(bench.floats(parameters, 2 * rows)).filter((__, i) => i % 2 === 0);
    const [left = new Float32Array(0)] = found;
    for (const [i, value] of left.entries()) {
      const step = steps[Math.floor(i / k)] ?? 0;
      // Half a step, and a little more where the zero point was rounded.
      expect(Math.abs(value)).toBeLessThanOrEqual(1.001 * step);
      const level = ((x[i] ?? 0) - value) / step;
      expect(Math.abs(level - Math.round(level))).toBeLessThan(1e-4);
    }
  });

  it("applies an activation in place, as a matmul does", async () => {
    const bench = await KernelBench.create(variant);
    const task = problem(7, 16, 20);
    for (const activation of [ACTIVATION.tanhGelu, ACTIVATION.erfGelu, ACTIVATION.quickGelu]) {
      const product = bench.put(multiply(bench, task, { levels: 127 }));
      bench.kernels.activate(product, 7 * 16, activation);
      expect(bench.floats(product, 7 * 16)).toEqual(multiply(bench, task, { levels: 127, activation }));
    }
  });

  it("is exact at the ends of both ranges", async () => {
    const bench = await KernelBench.create(variant);
    for (const levels of [127, 255] as const) {
      const x = Float32Array.from({ length: 7 * 4096 }, (_, i) => (i % 4096 === 0 ? 0 : levels));
      const task = problem(7, 8, 4096, x);
      for (const extreme of [127, -127]) {
        task.weights.fill(extreme);
        task.scales.fill(1);
        for (const layout of layouts(bench, levels, 4096)) {
          const found = new Set(multiply(bench, task, { layout, levels }));
          expect(found).toEqual(new Set([Math.fround(4095 * levels * extreme)]));
        }
      }
    }
  });

  /** Weights that meet in a 16-bit lane: steps 0, 1, 4, 5 of eight, or 2, 3, 6, 7. */
  it.each([
    [127, 127, 4, 0],
    [127, 127, 4, 1],
    [127, 127, 5, 0],
    [127, 127, 127, 127],
    [-127, -127, -4, 0],
    [-127, -127, -5, 0],
    [-128, -128, 2, 127],
    [-127, 127, -127, 127],
  ])("adds %i, %i, %i, %i in 16 bits only where they fit", async (...four) => {
    const bench = await KernelBench.create(variant);
    const [rows, columns, k] = [4, 16, 64];
    const x = Float32Array.from({ length: rows * k }, (_, i) => (i % k === 0 ? 0 : 127));
    const task = problem(rows, columns, k, x);
    // Small ones elsewhere, so that a panel has steps of both kinds.
    task.weights.forEach((weight, i) => (task.weights[i] = weight >> 4));
    for (const step of [8, 24, 32]) {
      for (const [i, at] of [0, 1, 4, 5].entries()) {
        task.weights[(step + at) * columns + 3] = four[i] ?? 0;
        task.weights[(step + at + 2) * columns + 9] = four[i] ?? 0;
      }
    }
    const wanted = expected(task, 127);
    for (const layout of layouts(bench, 127, k)) {
      const found = multiply(bench, task, { layout, levels: 127 });
      expect(distance(found, wanted)).toBeLessThanOrEqual(tolerance(wanted));
    }
  });

  it("adds bias and residual, and gives rows of zeros the bias alone", async () => {
    const bench = await KernelBench.create(variant);
    const task = problem(7, 16, 20, new Float32Array(7 * 20));
    const [bias, residual] = [floats(16), floats(7 * 16)];
    const added = { bias: bench.put(bias), residual: bench.put(residual) };
    const wanted = residual.map((value, i) => value + (bias[i % 16] ?? 0));
    for (const layout of layouts(bench, 127, 20)) {
      expect(distance(multiply(bench, task, { layout, levels: 127, ...added }), wanted)).toBeLessThanOrEqual(
        0,
      );
    }
  });

  it.each([NaN, Infinity, -Infinity])("makes every output of a row with %d not finite", async (value) => {
    const bench = await KernelBench.create(variant);
    const task = problem(3, 8, 40);
    task.x[40 + 17] = value;
    for (const layout of layouts(bench, 127, 40)) {
      const found = multiply(bench, task, { layout, levels: 127 });
      expect(Array.from(found, Number.isFinite)).toEqual(
        Array.from({ length: 24 }, (_, i) => i < 8 || i >= 16),
      );
    }
  });

  it("computes a row alike alone and among others", async () => {
    const bench = await KernelBench.create(variant);
    const task = problem(13, 40, 56);
    for (const layout of layouts(bench, 127, 56)) {
      const together = multiply(bench, task, { layout, levels: 127 });
      for (let row = 0; row < 13; row++) {
        const alone = { ...task, rows: 1, x: task.x.slice(row * 56, (row + 1) * 56) };
        expect(multiply(bench, alone, { layout, levels: 127 })).toEqual(
          together.slice(row * 40, (row + 1) * 40),
        );
      }
    }
  });

  it.each([
    // The clamped polynomial is closer to exact GELU than the tanh form that it replaces.
    ["GELU by a polynomial", ACTIVATION.tanhGelu, gelu, 2e-4],
    ["GELU by erf", ACTIVATION.erfGelu, gelu, 2e-6],
    ["QuickGELU", ACTIVATION.quickGelu, (x: number) => x / (1 + Math.exp(-1.702 * x)), 2e-6],
  ] as const)("computes %s after a float product", async (_, activation, exact, error) => {
    const bench = await KernelBench.create(variant);
    const x = Float32Array.from({ length: 8 * 50 }, (_value, i) => (i - 200) / 16);
    const identity = Float32Array.from({ length: 64 }, (_value, i) => (i % 9 === 0 ? 1 : 0));
    const out = bench.room(4 * x.length);
    bench.kernels.matmulFloat(bench.put(x), bench.put(identity), 0, 0, out, 50, 8, 8, activation);
    expect(distance(bench.floats(out, x.length), Array.from(x, exact))).toBeLessThanOrEqual(error);
  });

  it.each([
    [2, 2, 8],
    [5, 7, 16],
    [8, 10, 40],
    [3, 1, 24],
  ])("convolves a map of %i × %i × %i depthwise, band by band", async (height, width, channels) => {
    const bench = await KernelBench.create(variant);
    const { kernels } = bench;
    const [map, kernel, bias] = [floats(height * width * channels), floats(channels * 49), floats(channels)];
    const at = { map: bench.put(map), bias: bench.put(bias), packed: bench.room(4 * kernel.length) };
    kernels.packChannels(bench.put(kernel), at.packed, channels, 49, 4);
    const out = bench.room(4 * map.length);
    const padded = bench.room(4 * (height + 6) * (width + 9) * channels);
    const bandRows = 2;
    for (let first = 0; first < height; first += bandRows) {
      const rows = Math.min(bandRows, height - first);
      kernels.padBand(at.map, padded, height, width, channels, channels, first, rows);
      const band = out + 4 * first * width * channels;
      kernels.depthwise(padded, at.packed, at.bias, band, rows, width, channels, channels);
    }
    const wanted = map.map((_, i) => {
      const [y, x, c] = [Math.floor(i / channels / width), Math.floor(i / channels) % width, i % channels];
      let sum = bias[c] ?? 0;
      for (let tap = 0; tap < 49; tap++) {
        const [ty, tx] = [y + Math.floor(tap / 7) - 3, x + (tap % 7) - 3];
        if (ty < 0 || ty >= height || tx < 0 || tx >= width) continue;
        sum += (map[(ty * width + tx) * channels + c] ?? 0) * (kernel[c * 49 + tap] ?? 0);
      }
      return sum;
    });
    expect(distance(bench.floats(out, map.length), wanted)).toBeLessThanOrEqual(1e-5);
  });

  it("normalizes rows", async () => {
    const bench = await KernelBench.create(variant);
    const [x, weight, bias] = [floats(3 * 20, 5), floats(20), floats(20)];
    const out = bench.room(4 * x.length);
    bench.kernels.layerNorm(bench.put(x), out, bench.put(weight), bench.put(bias), 3, 20, 1e-6);
    const wanted = x.map((value, i) => {
      const row = x.slice(i - (i % 20), i - (i % 20) + 20);
      const mean = row.reduce((sum, v) => sum + v, 0) / 20;
      const variance = row.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 20;
      return ((value - mean) / Math.sqrt(variance + 1e-6)) * (weight[i % 20] ?? 0) + (bias[i % 20] ?? 0);
    });
    expect(distance(bench.floats(out, x.length), wanted)).toBeLessThanOrEqual(1e-5);
  });

  it.each([
    [1, 8, 1, true],
    [1, 8, 1, false],
    [4, 16, 2, true],
    [7, 32, 2, true],
    [9, 32, 2, false],
    [50, 48, 2, false],
    [65, 128, 2, false],
    [77, 128, 2, true],
    [257, 64, 1, false],
    [257, 80, 1, true],
  ])("attends over %i positions, width %i, %i heads, causally: %o", async (length, width, heads, causal) => {
    const bench = await KernelBench.create(variant);
    const qkv = floats(length * 3 * width, 2);
    const out = bench.room(4 * length * width);
    const size = width / heads;
    const scratch = bench.room(attentionBytes(length, size));
    // The kernel must not write to the memory after the scratch.
    const guard = bench.put(Float32Array.of(7, 7, 7, 7));
    bench.kernels.attention(bench.put(qkv), out, scratch, length, width, heads, causal ? 1 : 0);
    expect(bench.floats(guard, 4)).toEqual(Float32Array.of(7, 7, 7, 7));
    const at = (row: number, part: number, column: number): number =>
      qkv[row * 3 * width + part * width + column] ?? 0;
    const wanted = Array.from({ length: length * width }, (_, i) => {
      const [row, column] = [Math.floor(i / width), i % width];
      const head = column - (column % size);
      const scores = Array.from({ length: causal ? row + 1 : length }, (_value, j) => {
        let score = 0;
        for (let d = head; d < head + size; d++) score += at(row, 0, d) * at(j, 1, d);
        return Math.exp(score / Math.sqrt(size));
      });
      const total = scores.reduce((sum, score) => sum + score, 0);
      return scores.reduce((sum, score, j) => sum + score * at(j, 2, column), 0) / total;
    });
    expect(distance(bench.floats(out, length * width), wanted)).toBeLessThanOrEqual(1e-5);
  });
});

it.each([4, 14, 16])("cuts a picture into patches of %i pixels", async (side) => {
  const bench = await KernelBench.create("plain");
  const [height, width] = [2 * side, 3 * side];
  const picture = floats(3 * height * width);
  const at = bench.put(picture);
  const values = 3 * side * side;
  const row = bench.room(4 * 3 * values);
  for (let y = 0; y < 2; y++) {
    bench.kernels.patchifyRow(at + 4 * y * side * width, row, height, width, side);
    const wanted = Array.from({ length: 3 * values }, (_, i) => {
      const [patch, rest] = [Math.floor(i / values), i % values];
      const [channel, pixel] = [Math.floor(rest / side ** 2), rest % side ** 2];
      const [dy, dx] = [Math.floor(pixel / side), pixel % side];
      return picture[(channel * height + y * side + dy) * width + patch * side + dx];
    });
    expect(Array.from(bench.floats(row, 3 * values))).toEqual(wanted);
  }
});

it("takes the fastest layout that is exact", () => {
  expect(layoutFor("bytes", 8, 64)).toBe("bytes");
  expect(layoutFor("bytes", 7, 64)).toBe("bytes");
  expect(layoutFor("7-bit", 7, 64)).toBe("pairs");
  expect(layoutFor("7-bit", 7, 60)).toBe("wide");
  expect(layoutFor("7-bit", 7, 65_536)).toBe("wide");
  expect(layoutFor("7-bit", 8, 64)).toBe("wide");
  expect(layoutFor("none", 7, 64)).toBe("wide");
});

it("gives both modules' dot product its name", async () => {
  expect((await KernelBench.create("plain")).kernels.dot).toBe("none");
  const bench = await KernelBench.create("relaxed");
  const x = Float32Array.from({ length: 16 }, (_, i) => (i === 0 ? 0 : 255));
  const task = problem(1, 8, 16, x);
  task.weights.fill(127);
  task.scales.fill(1);
  const exact = multiply(bench, task, { layout: "bytes" })[0] === 15 * 255 * 127;
  expect(bench.kernels.dot).toBe(exact ? "bytes" : "7-bit");
});

function gelu(x: number): number {
  return 0.5 * x * (1 + erf(x / Math.SQRT2));
}

/** The error function by its Taylor series, in double precision; enough terms for |x| ≤ 6, where it is ±1. */
function erf(x: number): number {
  if (Math.abs(x) > 5) return Math.sign(x);
  let [term, sum] = [x, x];
  for (let n = 1; n < 150; n++) {
    term *= -(x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}
