/** The doctor's report as text, to keep or to share. */
import { printable } from "../../build/command-line/printable.ts";
import type { Deployment } from "./ask-deployment.ts";
import type { Finding } from "./finding.ts";

const WIDTH = "differs".length;

/** @param at when it was asked */
export function printReport(
  { url, version, dataCenter }: Deployment,
  findings: readonly Finding[],
  at: Date,
): string {
  const where = dataCenter === null ? "not on Cloudflare" : `data center ${dataCenter}`;
  const lines = [`edgeclip ${version} at ${url}, ${where}, ${at.toISOString().slice(0, 19)}Z`];
  let section = "";
  for (const finding of findings) {
    if (finding.section !== section) {
      ({ section } = finding);
      lines.push("", section);
    }
    lines.push(`  ${finding.verdict.padEnd(WIDTH)}  ${finding.name}: ${finding.value}`);
    const indent = " ".repeat(WIDTH + 4);
    lines.push(`${indent}expected: ${finding.expected}`, `${indent}else:     ${finding.otherwise}`);
  }
  const count = (verdict: string): number => findings.filter((each) => each.verdict === verdict).length;
  lines.push("", `${count("ok")} ok, ${count("differs")} differ, ${count("unknown")} unknown`);
  return lines.map(printable).join("\n");
}
