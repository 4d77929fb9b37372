/** The image tower: this project's, a plain export's, and native code, in turns. */
import { syntheticInput } from "../../../build/synthetic/synthetic-tensor.ts";
import { cosine } from "../../support/cosine.ts";
import {
  edgeclipOrt,
  edgeclipSimd,
  type EmbedPicture,
  exportStraight,
  ortNative,
  ortWeb,
} from "../contenders/towers.ts";
import { interleave } from "../harness/interleave.ts";
import { median } from "../harness/statistics.ts";
import type { Options, Report, Suite } from "../harness/suite.ts";
import { digits, timesTable } from "../harness/times-table.ts";
import { benchModel } from "../support/models.ts";

const OURS = "edgeclip on onnxruntime-web";
const SIMD = "edgeclip on its own kernels";
const STRAIGHT = "straight int8 export on onnxruntime-web";
const FP32 = "straight fp32 export on onnxruntime-web";

async function contenders({ quick }: Options): Promise<{ runners: Map<string, EmbedPicture>; size: number }> {
  const { model, checkpoint, size } = await benchModel(quick);
  const [int8, fp32] = [await exportStraight(checkpoint, "int8"), await exportStraight(checkpoint, "fp32")];
  const runners = new Map<string, EmbedPicture>([
    [OURS, await edgeclipOrt(model)],
    [SIMD, await edgeclipSimd(model, "relaxed")],
    ["edgeclip on its own kernels, without relaxed SIMD", await edgeclipSimd(model, "plain")],
    [STRAIGHT, await ortWeb(int8, size)],
    [FP32, await ortWeb(fp32, size)],
    ["straight int8 export on onnxruntime-node", await ortNative(int8, size)],
    ["straight fp32 export on onnxruntime-node", await ortNative(fp32, size)],
  ]);
  return { runners, size };
}

async function run(options: Options): Promise<Report> {
  const { runners, size } = await contenders(options);
  const pixels = syntheticInput(`input:${size}`, 3 * size * size);
  const truth = (await runners.get(FP32)?.(pixels.slice())) ?? new Float32Array();
  const cosines: string[][] = [];
  for (const [name, embed] of runners)
    cosines.push([name, cosine(await embed(pixels.slice()), truth).toFixed(6)]);
  const times = await interleave(
    [...runners].map(([name, embed]) => ({ name, run: () => embed(pixels.slice()) })),
    options.quick ? { rounds: 2, warmUp: 1 } : { rounds: 9, warmUp: 3 },
  );
  const of = (name: string): number => median(times.get(name) ?? []);
  const [toStraight, toFp32] = [of(OURS) / of(STRAIGHT), of(OURS) / of(FP32)];
  return {
    title: "Image tower",
    about: `One picture of ${size} pixels at a time, one thread each, in Node, same weights; the contenders take turns. The
straight export is what \`test/bench/straight/straight-export.ts\` writes.`,
    tables: [timesTable(times, STRAIGHT), { columns: ["", "cosine to fp32"], rows: cosines }],
    targets: [
      {
        what: "on onnxruntime-web, against the straight int8 export",
        target: "≤ 0.93",
        reached: digits(toStraight),
        met: toStraight <= 0.93,
      },
      {
        what: "on onnxruntime-web, against fp32",
        target: "≤ 0.5",
        reached: digits(toFp32),
        met: toFp32 <= 0.5,
      },
    ],
  };
}

export const imageTower: Suite = { name: "image-tower", dependsOnDot: true, run };
