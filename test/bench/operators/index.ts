/**
 * The kernels at the shapes of base_w at 256 pixels, one at a time, and the most that the machine can do: relaxed dot
 * products of registers alone. Local workerd's clock runs during a request.
 */
import {
  ACTIVATION,
  instantiateKernels,
  type Kernels,
  SLACK_ROWS,
} from "../../../functions/runtime/simd/kernels.ts";
import peakWasm from "../../../.generated/simd/peak.wasm";
import relaxedWasm from "../../../.generated/simd/relaxed.wasm";

const PEAK_STEPS = 2_000_000;
const REPEATS = 7;
/** Calls before the first timed one: V8 compiles a function well only once it has proved to be busy. */
const WARM_UP = 12;
/** Pages: more than any of the operators needs. */
const PAGES = 1200;

interface Operator {
  name: string;
  macs: number;
  run: () => void;
}

/** `rows × k @ k × columns` as a block of the stage with these widths has them. */
function matmul(
  kernels: Kernels,
  name: string,
  [rows, k, columns]: readonly [number, number, number],
  gelu: boolean,
): Operator {
  const at = { x: 1 << 16, parameters: 8 << 20, weights: 9 << 20, rest: 20 << 20, out: 24 << 20 };
  return {
    name,
    macs: rows * k * columns,
    run: () =>
      kernels.matmulInt8(
        ...([at.x, 0, at.parameters, at.weights, at.rest, at.rest + (1 << 16), at.rest, 0, at.out] as const),
        ...([rows, columns, k, gelu ? ACTIVATION.tanhGelu : ACTIVATION.none] as const),
      ),
  };
}

function depthwise(kernels: Kernels, side: number, channels: number): Operator {
  const at = { map: 1 << 16, padded: 8 << 20, weights: 12 << 20, out: 16 << 20 };
  return {
    name: `depthwise 7×7, ${side}×${side}×${channels}, with its padding`,
    macs: side * side * channels * 49,
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

function operators(kernels: Kernels): Operator[] {
  return [
    ...[128, 256, 512, 1024].flatMap((width, stage) => {
      const rows = [256, 128, 64, 64][stage] ?? 0;
      return [
        matmul(kernels, `fc1 and GELU, ${rows} × ${width} → ${4 * width}`, [rows, width, 4 * width], true),
        matmul(kernels, `fc2, ${rows} × ${4 * width} → ${width}`, [rows, 4 * width, width], false),
      ];
    }),
    depthwise(kernels, 64, 128),
    depthwise(kernels, 16, 512),
    matmul(kernels, "text, 10 + slack rows × 640 → 2560, GELU", [10, 640, 2560], true),
    matmul(kernels, "one row × 1024 → 640", [1, 1024, 640], false),
  ];
}

/** @returns milliseconds of the fastest of some runs */
function fastest(run: () => void): number {
  for (let i = 0; i < WARM_UP; i++) run();
  let best = Infinity;
  for (let i = 0; i < REPEATS; i++) {
    // The clock has whole milliseconds: enough runs to make tens of them.
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
      ...operators(kernels),
    ];
    return Response.json({
      takesBytes: kernels.takesBytes,
      slackRows: SLACK_ROWS,
      operators: measured.map(({ name, macs, run }) => ({ name, gmacs: macs / 1e6 / fastest(run) })),
    });
  },
};
