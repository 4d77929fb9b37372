/** Runs the doctor, and finds lines of its report. */
import { expect } from "vitest";
import type { Finding } from "../../../scripts/doctor/finding.ts";
import { type Outcome, runNode } from "../../support/run-node.ts";

export async function doctor(key: string, ...typed: string[]): Promise<Outcome> {
  return await runNode(["scripts/doctor/doctor.ts", ...typed], { env: { EDGECLIP_API_KEY: key } });
}

export async function findings(url: string, key = ""): Promise<{ code: number; found: Finding[] }> {
  const { code, stdout, stderr } = await doctor(key, url, "--json");
  expect(stderr).toBe("");
  return { code, found: (JSON.parse(stdout) as { findings: Finding[] }).findings };
}

/** @throws Error if there is no such line */
export function finding(found: readonly Finding[], section: string, name: string | RegExp): Finding {
  const meant = found.find((each) => each.section === section && new RegExp(name).test(each.name));
  if (meant === undefined) throw new Error(`there is no line "${section}: ${String(name)}"`);
  return meant;
}
