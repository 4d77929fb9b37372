/**
 * Shows the image tower's time by operator and by stage, from onnxruntime's own profiler on this project's shards, and
 * the number of multiplications.
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { DEPTHWISE_KERNEL, MLP_RATIO, STEM_STRIDE } from "../../../../build/architecture/architecture.ts";
import { percent } from "../../../../build/report/percent.ts";
import type { Manifest } from "../../../../model-shards/manifest.ts";
import { readManifest } from "../../../../scripts/models/read-manifest.ts";
import { median } from "../../harness/statistics.ts";
import type { Options, Report, Suite } from "../../harness/suite.ts";
import { digits } from "../../harness/times-table.ts";
import { benchModel } from "../../support/benched-model.ts";

interface Event {
  cat: string;
  name: string;
  /** Microseconds. */
  dur: number;
  args: { op_name?: string };
}

const STAGE = /^(stem|stages\.\d|head|image_embeds)/;

/** The nodes' times of several runs of the tower. */
async function trace(model: string, runs: number): Promise<Event[]> {
  const script = join(import.meta.dirname, "trace-tower.ts");
  const options = { maxBuffer: 1024 * 1024 * 1024 };
  const { stdout } = await promisify(execFile)(process.execPath, [script, model, String(runs)], options);
  const lines = stdout.matchAll(/^(\{.*\}),?$/gm);
  return [...lines].map(([, line = ""]) => JSON.parse(line) as Event);
}

/** Multiply–accumulates of each stage for one picture, and how many of them are in depthwise convolutions. */
function macs({ image }: Manifest): Map<string, { all: number; depthwise: number }> {
  if (!("depths" in image)) throw new Error("the profile by stages supports only a ConvNeXt");
  const { size, depths, widths } = image;
  const found = new Map<string, { all: number; depthwise: number }>();
  for (const [stage, width] of widths.entries()) {
    const positions = (size / (STEM_STRIDE * 2 ** stage)) ** 2;
    const depth = depths[stage] ?? 0;
    const depthwise = depth * positions * width * DEPTHWISE_KERNEL ** 2;
    const previous = widths[stage - 1];
    const before = previous === undefined ? 3 * STEM_STRIDE ** 2 * width : 4 * previous * width;
    const linear = depth * positions * 2 * MLP_RATIO * width * width + positions * before;
    found.set(`stages.${stage}`, { all: linear + depthwise, depthwise });
  }
  return found;
}

async function run({ quick }: Options): Promise<Report> {
  const { model, size } = await benchModel(quick);
  const manifest = await readManifest(model);
  const runs = quick ? 2 : 6;
  const times = new Map<string, number[]>();
  for (const { cat, name, dur, args } of await trace(model, runs)) {
    if (cat !== "Node" || args.op_name === undefined || !name.endsWith("_kernel_time")) continue;
    const key = `${args.op_name} ${name}`;
    times.set(key, [...(times.get(key) ?? []), dur / 1000]);
  }
  const byOperator = new Map<string, number>();
  const byStage = new Map<string, number>();
  for (const [key, all] of times) {
    const [operator = "", name = ""] = key.split(" ");
    const stage = STAGE.exec(name)?.[1] ?? "rest";
    const ms = median(all);
    byOperator.set(operator, (byOperator.get(operator) ?? 0) + ms);
    const place = stage === "stem" ? "stages.0" : stage;
    byStage.set(place, (byStage.get(place) ?? 0) + ms);
  }
  const total = [...byOperator.values()].reduce((sum, ms) => sum + ms, 0);
  const work = macs(manifest);
  const share = (ms: number): string => percent(ms / total);
  return {
    title: "Profile of the image tower",
    about: `onnxruntime-web's profiler over the shards as deployed, one picture of ${size} pixels, one thread, in Node; medians of
${runs} runs a node, added up. The stem counts with the first stage.`,
    tables: [
      {
        columns: ["operator", "ms", "share"],
        rows: [...byOperator]
          .toSorted((a, b) => b[1] - a[1])
          .map(([name, ms]) => [name, digits(ms), share(ms)]),
      },
      {
        columns: [
          "stage",
          "ms",
          "share",
          "10⁹ multiply–accumulates",
          "of them depthwise, float32",
          "10⁹ a second",
        ],
        rows: [...byStage].map(([name, ms]) => {
          const { all = 0, depthwise = 0 } = work.get(name) ?? {};
          const billions = all / 1e9;
          return [
            name,
            digits(ms),
            share(ms),
            billions.toFixed(3),
            (depthwise / 1e9).toFixed(3),
            all === 0 ? "" : (billions / (ms / 1000)).toFixed(1),
          ];
        }),
        note: `In all ${([...work.values()].reduce((sum, { all }) => sum + all, 0) / 1e9).toFixed(2)} · 10⁹ multiply–accumulates in
${digits(total)} ms. Plain SIMD multiplies eight int16 at a time (\`i32x4.dot_i16x8_s\`): a quarter of what relaxed SIMD's int8 dot
product does, whose peak here is in [engines](engines.md).`,
      },
    ],
  };
}

export const profile: Suite = { name: "profile", run };
