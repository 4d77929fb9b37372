/** The table that is printed at the end of a build. */
import type { BuildReport } from "../build-model.ts";
import { megabytes } from "./megabytes.ts";
import { towerReport } from "./tower-report.ts";

export function summary(report: BuildReport): string {
  const { manifest, quantizationErrors } = report;
  const shardBytes = (shards: typeof manifest.image.shards): string =>
    `${shards.length} shards, ${megabytes(shards.reduce((sum, { weights }) => sum + weights.bytes, 0))} MB`;
  const worst = quantizationErrors.reduce((a, b) => (b.relativeError > a.relativeError ? b : a), {
    tensor: "",
    relativeError: 0,
  });
  const rows: [string, string][] = [
    ["model", `${manifest.id} (${manifest.precision})`],
    ["revision", manifest.revision],
    ["tensors", String(report.tensors)],
    ["parameters", `${(report.parameters / 1e6).toFixed(1)} M`],
    ["checkpoint", `${megabytes(report.checkpointBytes)} MB`],
    ["built", `${megabytes(report.builtBytes)} MB`],
    ["image tower", `${shardBytes(manifest.image.shards)}, ${manifest.image.size} px`],
    ["text tower", shardBytes(manifest.text.shards)],
    ["token table", `${megabytes(manifest.text.token_embedding.bytes)} MB`],
  ];
  if (worst.tensor !== "") {
    rows.push(["worst rounding", `${(100 * worst.relativeError).toFixed(2)} % rms, ${worst.tensor}`]);
  }
  const lines = rows.map(([name, value]) => `  ${name.padEnd(16)}${value}`);
  return [...lines, ...report.towers.map(towerReport)].join("\n");
}
