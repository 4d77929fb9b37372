/** Formats the measurements of a tower and the promotions of its blocks. */
import { megabytes } from "./megabytes.ts";
import { type Agreement, decibels } from "../measure/agreement.ts";
import type { PromotedBlock, TowerPromotion } from "../promote/promote-tower.ts";

/** One line; and if blocks were below the floor or promoted, a table of them, before and after. */
export function towerReport({ tower, blocks, worst, embedding, ...size }: TowerPromotion): string {
  const { bytes, budgetBytes, budgetSpent, exactInput } = size;
  const found = `  ${`${tower} int8`.padEnd(16)}cosine to fp32 ${cosine(embedding.after)}, worst block ${cosine(worst.after)} (${worst.name})`;
  if (blocks.length === 0) return found;
  const grown = `${megabytes(bytes)} of ${budgetBytes / 1e6} MB${budgetSpent ? ", which is not enough" : ""}`;
  const rows = blocks.map(
    (block) => `    ${block.name.padEnd(22)}${change(block.before, block.after)}  ${measures(block)}`,
  );
  return [
    found,
    `  promoted        ${blocks.length} blocks, which took ${grown}:`,
    ...rows,
    ...(exactInput ? [`    ${"token table".padEnd(22)}float32`] : []),
    `    ${"embedding".padEnd(22)}${change(embedding.before, embedding.after)}`,
  ].join("\n");
}

function measures({ name, scaled, fineActivations, fineWeights }: PromotedBlock): string {
  const parts: [string, string[]][] = [
    ["scales", scaled],
    ["16-bit activations", fineActivations],
    ["16-bit weights", fineWeights],
  ];
  const taken = parts.filter(([, layers]) => layers.length > 0);
  if (taken.length === 0) return "nothing helped";
  const short = (layers: string[]): string => layers.map((layer) => layer.replace(`${name}.`, "")).join(", ");
  return taken.map(([what, layers]) => `${what}: ${short(layers)}`).join("; ");
}

function cosine(value: Agreement): string {
  return value.cosine.toFixed(6);
}

function change(before: Agreement, after: Agreement): string {
  const ratios = `${decibels(before).toFixed(1).padStart(5)} → ${decibels(after).toFixed(1)} dB`;
  return `${cosine(before)} → ${cosine(after)}  ${ratios}`;
}
