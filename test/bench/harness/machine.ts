/** Describes the machine of a bench: processor and versions, but no names of hosts. */
import { readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { hostDot } from "../../support/models/simd-kernels.ts";
import { IS_TURNED_OFF } from "./both-lowerings.ts";

const ROOT = join(import.meta.dirname, "../../..");

function versionOf(name: string): string {
  const json = readFileSync(join(ROOT, "node_modules", name, "package.json"), "utf8");
  return (JSON.parse(json) as { version: string }).version;
}

/** Processor, versions, and how V8 compiles the dot product that the kernels use, see `docs/benchmarks/hosts.md`. */
export async function machine(): Promise<Record<string, string>> {
  const [first] = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: `${first?.model.trim() ?? "unknown"}, ${cpus().length} cores, ${Math.round(totalmem() / 1e9)} GB`,
    "dot product": `${await hostDot()}${IS_TURNED_OFF ? ", AVX-VNNI turned off" : ""}`,
    node: process.version,
    workerd: versionOf("workerd"),
    "onnxruntime-web": versionOf("onnxruntime-web"),
  };
}

/** The same in one line of a report. */
export async function machineLine(): Promise<string> {
  return Object.entries(await machine())
    .map(([key, value]) => `${key} ${value}`)
    .join("; ");
}
