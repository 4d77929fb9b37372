/**
 * Measures each kernel at the shapes of base_w at 256 pixels, and the machine's peak: relaxed dot products of registers
 * only. Unlike a deployed Worker's clock, local workerd's clock runs during a request.
 */
import {
  ACTIVATION,
  activationBytes,
  instantiateKernels,
  type Kernels,
  LAYOUT,
  layoutFor,
  orderBytes,
  widenedBytes,
} from "../../../functions/runtime/simd/kernels.ts";
import { random } from "../../support/random.ts";
import peakWasm from "../../../.generated/simd/peak.wasm";
import relaxedWasm from "../../../.generated/simd/relaxed.wasm";

const PEAK_STEPS = 2_000_000;
const REPEATS = 7;
/** Calls before the first timed one: V8 optimizes a function only after many calls. */
const WARM_UP = 12;
/** Pages of memory: more than any of the operators needs. */
const PAGES = 1200;

interface Operator {
  name: string;
  macs: number;
  /** Called once before the timing. */
  prepare?: () => void;
  run: () => void;
}

/**
 * Fills weights with a fixed sequence in ±31: most weights of trained models are this small in the scale of their
 * channel.
 */
function fillWeights(memory: WebAssembly.Memory, at: number, count: number): void {
  const next = random(1);
  const weights = new Int8Array(memory.buffer, at, count);
  for (let i = 0; i < count; i++) weights[i] = Math.floor(64 * next()) - 32;
}

/** The matmul `rows × k @ k × columns`, with the shapes of a block. */
function matmul(
  kernels: Kernels,
  memory: WebAssembly.Memory,
  name: string,
  [rows, k, columns]: readonly [number, number, number],
  { gelu = false, bits = 8 }: { gelu?: boolean; bits?: 7 | 8 } = {},
): Operator {
  const layoutName = layoutFor(kernels.dot, bits, k);
  const layout = LAYOUT[layoutName];
  const at = {
    x: 1 << 16,
    parameters: 8 << 20,
    weights: 9 << 20,
    source: 14 << 20,
    rest: 20 << 20,
    out: 24 << 20,
  };
  const [scales, sums, order] = [at.rest, at.rest + (1 << 16), at.rest + (1 << 17)];
  if (activationBytes(layoutName, rows, k) > at.parameters - at.x) throw new Error(`${name}: too many rows`);
  const orderEnd = order + orderBytes(layoutName, k, columns);
  const shared = widenedBytes(layoutName, rows, k);
  const widened = shared > 0 ? orderEnd : 0;
  if (orderEnd + shared > at.out) throw new Error(`${name}: too many panels`);
  const prepare = (): void => {
    fillWeights(memory, at.source, k * columns);
    kernels.packInt8(layout, at.source, at.weights, order, sums, k, columns);
    kernels.quantizeRows(layout, at.out, at.x, at.parameters, rows, k, 2 ** bits - 1);
  };
  const activation = gelu ? ACTIVATION.tanhGelu : ACTIVATION.none;
  return {
    name: `${name}, ${layoutName}`,
    macs: rows * k * columns,
    prepare,
    run: () =>
      kernels.matmulInt8(
        ...([layout, at.x, at.parameters, at.weights, order, scales, sums, scales, 0, at.out] as const),
        ...([rows, columns, k, activation, widened] as const),
      ),
  };
}

function depthwise(kernels: Kernels, memory: WebAssembly.Memory, side: number, channels: number): Operator {
  const at = { map: 1 << 16, padded: 8 << 20, weights: 12 << 20, out: 16 << 20 };
  return {
    name: `depthwise 7×7, ${side}×${side}×${channels}, with its padding`,
    macs: side * side * channels * 49,
    // What the matmuls leave there would be subnormal numbers, which are a hundred times slower on some processors.
    prepare: () => void new Float32Array(memory.buffer, at.map, (at.out - at.map) / 4).fill(0.5),
    run: () => {
      const rows = Math.min(side, 4);
      for (let first = 0; first < side; first += rows) {
        for (let c = 0; c < channels; c += 16) {
          kernels.padBand(at.map + 4 * c, at.padded, side, side, channels, 16, first, rows);
          const weights = at.weights + 4 * 49 * c;
          kernels.depthwise(at.padded, weights, at.map, at.out + 4 * c, rows, side, channels, 16);
        }
      }
    },
  };
}

function operators(kernels: Kernels, memory: WebAssembly.Memory): Operator[] {
  return [
    ...[128, 256, 512, 1024].flatMap((width, stage) => {
      const rows = [256, 128, 64, 64][stage] ?? 0;
      const [fc1, fc2] = [[rows, width, 4 * width] as const, [rows, 4 * width, width] as const];
      return [
        matmul(kernels, memory, `fc1 and GELU, ${fc1.join(" × ")}`, fc1, { gelu: true }),
        matmul(kernels, memory, `fc2, ${fc2.join(" × ")}`, fc2, { bits: 7 }),
      ];
    }),
    depthwise(kernels, memory, 64, 128),
    depthwise(kernels, memory, 16, 512),
    matmul(kernels, memory, "text, GELU, 10 × 640 × 2560", [10, 640, 2560], { gelu: true }),
    matmul(kernels, memory, "one row, 1 × 1024 × 640", [1, 1024, 640]),
  ];
}

/** @returns milliseconds of the fastest of several runs */
function fastest(run: () => void): number {
  for (let i = 0; i < WARM_UP; i++) run();
  let best = Infinity;
  for (let i = 0; i < REPEATS; i++) {
    // The clock counts whole milliseconds, so the function runs often enough to take tens of milliseconds.
    let [runs, elapsed] = [0, 0];
    const start = Date.now();
    for (; elapsed < 20; runs++) {
      run();
      elapsed = Date.now() - start;
    }
    best = Math.min(best, elapsed / runs);
  }
  return best;
}

export default {
  async fetch(): Promise<Response> {
    const memory = new WebAssembly.Memory({ initial: PAGES });
    new Float32Array(memory.buffer).fill(0.5);
    const kernels = await instantiateKernels(relaxedWasm, memory);
    const { exports } = await WebAssembly.instantiate(peakWasm, {
      env: { memory: new WebAssembly.Memory({ initial: 1 }) },
    });
    const peak = exports["peak"] as (steps: number) => number;
    const measured: Operator[] = [
      { name: "registers alone", macs: PEAK_STEPS * 12 * 16, run: () => void peak(PEAK_STEPS) },
      ...operators(kernels, memory),
    ];
    return Response.json({
      dot: kernels.dot,
      operators: measured.map(({ name, macs, prepare, run }) => {
        prepare?.();
        return { name, gmacs: macs / 1e6 / fastest(run) };
      }),
    });
  },
};
