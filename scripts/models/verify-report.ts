/** The results of a verification as a table and as a plot. */
import { type Agreement, decibels } from "../../build/measure/agreement.ts";
import { type Line, writeLineChart } from "../charts/line-chart.ts";
import type { TowerCheck } from "./verify-model.ts";

/** Errors below this are float32's rounding; the plot omits them. */
const MIN_PLOTTED = 1e-5;

/** Names of the blocks, given the same input as in fp32, and embeddings whose cosine is below the floor. */
export function belowFloor(towers: readonly TowerCheck[], floor: number): string[] {
  return towers.flatMap(({ tower, units, embedding }) => [
    ...units.filter(({ alone }) => !(alone.cosine >= floor)).map(({ name }) => name),
    ...(embedding.cosine >= floor ? [] : [`the ${tower} tower's embedding`]),
  ]);
}

export function verifyTable(towers: readonly TowerCheck[]): string {
  const header = `${"".padEnd(24)}${"given fp32's input".padEnd(30)}in the built tower\n${"".padEnd(24)}${"cosine    error     SNR".padEnd(30)}cosine    error     SNR`;
  const rows = towers.flatMap(({ units, embedding, tower }) => [
    ...units.map(({ name, alone, running }) => `${name.padEnd(24)}${cells(alone)}  ${cells(running)}`),
    `${`${tower}, whole shards`.padEnd(24)}${"".padEnd(30)}${cells(embedding)}`,
  ]);
  return [header, ...rows].join("\n");
}

/** @param file PNG */
export async function writeVerifyPlot(
  file: string,
  model: string,
  towers: readonly TowerCheck[],
): Promise<void> {
  const lines = towers.flatMap(({ tower, units }): Line[] =>
    (["running", "alone"] as const).map((kind) => ({
      name: `${tower}, ${kind === "alone" ? "block alone" : "so far"}`,
      points: units
        .map((unit, i): [number, number] => [i, unit[kind].relativeError])
        .filter(([, error]) => error >= MIN_PLOTTED),
    })),
  );
  await writeLineChart(file, {
    title: `${model}: error of each block's output against fp32`,
    x: "block, in the order of the tower",
    y: "relative error",
    lines: lines.filter(({ points }) => points.length > 0),
    evenX: true,
  });
}

function cells(found: Agreement): string {
  const error = `${(100 * found.relativeError).toFixed(3)} %`;
  const ratio = found.relativeError === 0 ? "exact" : `${decibels(found).toFixed(1)} dB`;
  return `${found.cosine.toFixed(6)} ${error.padStart(9)} ${ratio.padStart(9)}`;
}
