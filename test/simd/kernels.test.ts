/** Each kernel against the plainest code that computes the same, over random and awkward shapes, in both modules. */
import { describe, expect, it } from "vitest";
import { ACTIVATION, ROW_PARAMETERS, SLACK_ROWS } from "../../functions/runtime/simd/kernels.ts";
import { KernelBench } from "../support/simd-kernels.ts";

/** A fixed sequence in (−1, 1): Numerical Recipes' generator. */
function randomizer(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  };
}

const random = randomizer(7);
const floats = (length: number, scale = 1): Float32Array =>
  Float32Array.from({ length }, () => scale * random());
const weights8 = (length: number): Int8Array => Int8Array.from({ length }, () => Math.round(127 * random()));

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

/** Quantizes and multiplies with the kernels. */
function multiply(
  bench: KernelBench,
  { rows, columns, k, x, weights, scales }: Problem,
  { levels = 255, planes = 1, bias = 0, residual = 0, activation = ACTIVATION.none as number } = {},
): Float32Array {
  const { kernels } = bench;
  const packed = bench.room(weights.length);
  const sums = bench.room(4 * columns);
  kernels.packInt8(bench.put(weights), packed, sums, k, columns);
  const plane = (rows + SLACK_ROWS) * k;
  const high = bench.room(plane);
  const low = planes === 2 ? bench.room(plane) : 0;
  const parameters = bench.room(ROW_PARAMETERS * rows);
  kernels.quantizeRows(bench.put(x), high, low, parameters, rows, k, levels);
  const out = bench.room(4 * rows * columns);
  const operands = [high, low, parameters, packed, bench.put(scales), sums, bias, residual, out];
  kernels.matmulInt8(...operands, rows, columns, k, activation);
  return bench.floats(out, rows * columns);
}

/** The same with the activations rounded as `quantize.ts` says, in double precision. */
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
] as const;

describe.each(["relaxed", "plain"] as const)("%s", (variant) => {
  it.each(SHAPES)("multiplies %i × %i, K %i, in int8", async (rows, columns, k) => {
    const bench = await KernelBench.create(variant);
    const task = problem(rows, columns, k);
    for (const levels of [127, 255]) {
      const wanted = expected(task, levels);
      const planes = levels === 255 && !bench.kernels.takesBytes ? 2 : 1;
      expect(distance(multiply(bench, task, { levels, planes }), wanted)).toBeLessThanOrEqual(
        tolerance(wanted),
      );
    }
  });

  it("gives the same bits with 8-bit activations in two planes as in one", async () => {
    const [bench, plain] = [await KernelBench.create(variant), await KernelBench.create("plain")];
    for (const [rows, columns, k] of SHAPES) {
      const task = problem(rows, columns, k);
      // The plain module always takes them in one.
      expect(multiply(bench, task, { planes: 2 })).toEqual(multiply(plain, task));
    }
  });

  it.each(SHAPES)("gives %i × %i, K %i, what 8 bits leave of activations", async (rows, _, k) => {
    const bench = await KernelBench.create(variant);
    const { kernels } = bench;
    const x = floats(rows * k, 3);
    const [source, target] = [bench.put(x), bench.room(4 * rows * k)];
    const [high, low] = [bench.room((rows + SLACK_ROWS) * k), bench.room((rows + SLACK_ROWS) * k)];
    const parameters = bench.room(ROW_PARAMETERS * rows);
    const found = [0, low].map((second) => {
      kernels.quantizeRows(source, high, second, parameters, rows, k, 255);
      kernels.residues(source, high, second, parameters, target, rows, k);
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
    for (const activation of [ACTIVATION.tanhGelu, ACTIVATION.erfGelu]) {
      const product = bench.put(multiply(bench, task, { levels: 127 }));
      bench.kernels.activate(product, 7 * 16, activation);
      expect(bench.floats(product, 7 * 16)).toEqual(multiply(bench, task, { levels: 127, activation }));
    }
  });

  it("is exact at the ends of both ranges", async () => {
    const bench = await KernelBench.create(variant);
    const task = problem(
      7,
      8,
      4096,
      Float32Array.from({ length: 7 * 4096 }, (_, i) => (i % 4096 === 0 ? 0 : 255)),
    );
    for (const extreme of [127, -127]) {
      task.weights.fill(extreme);
      task.scales.fill(1);
      const planes = bench.kernels.takesBytes ? 1 : 2;
      expect(new Set(multiply(bench, task, { planes }))).toEqual(
        new Set([Math.fround(4095 * 255 * extreme)]),
      );
    }
  });

  it("adds bias and residual, and gives rows of zeros the bias alone", async () => {
    const bench = await KernelBench.create(variant);
    const task = problem(7, 16, 20, new Float32Array(7 * 20));
    const [bias, residual] = [floats(16), floats(7 * 16)];
    const found = multiply(bench, task, {
      levels: 127,
      bias: bench.put(bias),
      residual: bench.put(residual),
    });
    expect(
      distance(
        found,
        residual.map((value, i) => value + (bias[i % 16] ?? 0)),
      ),
    ).toBeLessThanOrEqual(0);
  });

  it.each([NaN, Infinity, -Infinity])("makes every output of a row with %d not finite", async (value) => {
    const bench = await KernelBench.create(variant);
    const task = problem(3, 8, 36);
    task.x[36 + 17] = value;
    const found = multiply(bench, task, { levels: 127 });
    expect(Array.from(found, Number.isFinite)).toEqual(
      Array.from({ length: 24 }, (_, i) => i < 8 || i >= 16),
    );
  });

  it("computes a row alike alone and among others", async () => {
    const bench = await KernelBench.create(variant);
    const task = problem(13, 40, 52);
    const together = multiply(bench, task, { levels: 127 });
    for (let row = 0; row < 13; row++) {
      const alone = { ...task, rows: 1, x: task.x.slice(row * 52, (row + 1) * 52) };
      expect(multiply(bench, alone, { levels: 127 })).toEqual(together.slice(row * 40, (row + 1) * 40));
    }
  });

  it.each([
    [
      "tanh",
      ACTIVATION.tanhGelu,
      (x: number) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
    ],
    ["erf", ACTIVATION.erfGelu, (x: number) => 0.5 * x * (1 + erf(x / Math.SQRT2))],
  ] as const)("computes GELU by %s after a float product", async (_, activation, gelu) => {
    const bench = await KernelBench.create(variant);
    const x = Float32Array.from({ length: 8 * 50 }, (_value, i) => (i - 200) / 16);
    const identity = Float32Array.from({ length: 64 }, (_value, i) => (i % 9 === 0 ? 1 : 0));
    const out = bench.room(4 * x.length);
    bench.kernels.matmulFloat(bench.put(x), bench.put(identity), 0, 0, out, 50, 8, 8, activation);
    expect(distance(bench.floats(out, x.length), Array.from(x, gelu))).toBeLessThanOrEqual(2e-6);
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
    [1, 8, 1],
    [7, 32, 2],
    [77, 128, 2],
  ])("attends over %i positions, width %i, %i heads", async (length, width, heads) => {
    const bench = await KernelBench.create(variant);
    const qkv = floats(length * 3 * width, 2);
    const out = bench.room(4 * length * width);
    bench.kernels.attention(bench.put(qkv), out, bench.room(4 * (length + 4)), length, width, heads);
    const size = width / heads;
    const at = (row: number, part: number, column: number): number =>
      qkv[row * 3 * width + part * width + column] ?? 0;
    const wanted = Array.from({ length: length * width }, (_, i) => {
      const [row, column] = [Math.floor(i / width), i % width];
      const head = column - (column % size);
      const scores = Array.from({ length: row + 1 }, (_value, j) => {
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
