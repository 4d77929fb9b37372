/** Compares image towers in turns: this project's, a plain export, and native code. */
import { syntheticInput } from "../../../build/synthetic/synthetic-tensor.ts";
import type { Dot } from "../../../functions/runtime/tower/engine.ts";
import { cosine } from "../../support/cosine.ts";
import {
  edgeclipOrt,
  edgeclipSimd,
  type EmbedPicture,
  exportStraight,
  ortNative,
  ortWeb,
} from "../contenders/tower-contenders.ts";
import { cpuTime, interleave } from "../harness/interleave.ts";
import { median } from "../harness/statistics.ts";
import type { Options, Report, Suite } from "../harness/suite.ts";
import { digits, timesTable } from "../harness/times-table.ts";
import { hostDot } from "../../support/models/simd-kernels.ts";
import { benchModel } from "../support/benched-model.ts";

const OURS = "edgeclip on onnxruntime-web";
const SIMD = "edgeclip on its own kernels";
const PLAIN = "edgeclip on its own kernels, without relaxed SIMD";
const STRAIGHT = "straight int8 export on onnxruntime-web";
const FP32 = "straight fp32 export on onnxruntime-web";

/** Targets of the own kernels' time as a share of the straight export's, by the host's dot product and the weights. */
const TARGETS: Record<Dot, Record<Weights, number>> = {
  bytes: { uniform: 0.33, normal: 0.33 },
  "7-bit": { uniform: 0.75, normal: 0.65 },
  none: { uniform: 0.8, normal: 0.8 },
};
const PLAIN_TARGET = 0.8;

type Weights = "uniform" | "normal";

async function contenders(
  { quick }: Options,
  weights: Weights,
): Promise<{ runners: Map<string, EmbedPicture>; size: number }> {
  const { model, checkpoint, size } = await benchModel(quick, 256, weights === "normal");
  const [int8, fp32] = [await exportStraight(checkpoint, "int8"), await exportStraight(checkpoint, "fp32")];
  const runners = new Map<string, EmbedPicture>([
    [OURS, await edgeclipOrt(model)],
    [SIMD, await edgeclipSimd(model, "relaxed")],
    [PLAIN, await edgeclipSimd(model, "plain")],
    [STRAIGHT, await ortWeb(int8, size)],
    [FP32, await ortWeb(fp32, size)],
  ]);
  // Only the speed of the project's own kernels depends on the weights' values, so the others run once.
  if (weights === "uniform") {
    runners.set("straight int8 export on onnxruntime-node", await ortNative(int8, size));
    runners.set("straight fp32 export on onnxruntime-node", await ortNative(fp32, size));
  }
  return { runners, size };
}

async function measure(
  options: Options,
  weights: Weights,
): Promise<{ times: Map<string, number[]>; cosines: string[][]; size: number }> {
  const { runners, size } = await contenders(options, weights);
  const pixels = syntheticInput(`input:${size}`, 3 * size * size);
  const truth = (await runners.get(FP32)?.(pixels.slice())) ?? new Float32Array();
  const cosines: string[][] = [];
  for (const [name, embed] of runners)
    cosines.push([name, weights, cosine(await embed(pixels.slice()), truth).toFixed(6)]);
  if (weights === "normal") runners.delete(FP32);
  const times = await interleave(
    [...runners].map(([name, embed]) => ({ name, run: () => embed(pixels.slice()) })),
    options.quick ? { rounds: 2, warmUp: 1 } : { rounds: 9, warmUp: 3 },
    cpuTime,
  );
  return { times, cosines, size };
}

type Measured = Awaited<ReturnType<typeof measure>>;

function ratio({ times }: Measured, name: string, to: string): number {
  return median(times.get(name) ?? []) / median(times.get(to) ?? []);
}

function target(what: string, most: number, reached: number): NonNullable<Report["targets"]>[number] {
  return { what, target: `≤ ${most}`, reached: digits(reached), met: reached <= most };
}

async function run(options: Options): Promise<Report> {
  const dot = await hostDot();
  const uniform = await measure(options, "uniform");
  const normal = await measure(options, "normal");
  return {
    title: "Image tower",
    about: `One picture of ${uniform.size} pixels at a time, one thread each, in Node, same weights; the contenders take turns. CPU time.
The straight export is what \`test/bench/straight/straight-export.ts\` writes. The host's dot product: \`${dot}\`, see
[hosts](hosts.md).`,
    tables: [
      {
        ...timesTable(uniform.times, STRAIGHT),
        note: "Weights drawn uniformly, as everywhere else in these pages.",
      },
      {
        ...timesTable(normal.times, STRAIGHT),
        note: `Weights drawn from a normal distribution, nearer to trained ones: the own kernels' pair loop depends on how often
four weights add up to more than 16 bits hold.`,
      },
      { columns: ["", "weights", "cosine to fp32"], rows: [...uniform.cosines, ...normal.cosines] },
    ],
    targets: [
      target("on onnxruntime-web, against the straight int8 export", 0.93, ratio(uniform, OURS, STRAIGHT)),
      target("on onnxruntime-web, against fp32", 0.5, ratio(uniform, OURS, FP32)),
      target(
        `own kernels, dot product \`${dot}\`, uniform`,
        TARGETS[dot].uniform,
        ratio(uniform, SIMD, STRAIGHT),
      ),
      target(
        `own kernels, dot product \`${dot}\`, normal`,
        TARGETS[dot].normal,
        ratio(normal, SIMD, STRAIGHT),
      ),
      target("own kernels without relaxed SIMD, uniform", PLAIN_TARGET, ratio(uniform, PLAIN, STRAIGHT)),
      target("own kernels without relaxed SIMD, normal", PLAIN_TARGET, ratio(normal, PLAIN, STRAIGHT)),
    ],
  };
}

export const imageTower: Suite = { name: "image-tower", dependsOnDot: true, run };
