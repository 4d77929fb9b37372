/**
 * V8 compiles the dot product differently on different hosts. If the host's dot product takes bytes, by AVX-VNNI, a
 * bench runs a second time in a process whose V8 may not use AVX-VNNI. This shows the same machine without it. On other
 * hosts, the first run shows that already.
 */
import { spawnSync } from "node:child_process";
import { hostDot } from "../../support/models/simd-kernels.ts";

const V8_FLAGS = ["--no-enable-avx-vnni", "--no-enable-avx-vnni-int8"];

/** Whether AVX-VNNI is turned off in this process, see `againWithout`. */
export const IS_TURNED_OFF = V8_FLAGS.every((flag) => process.execArgv.includes(flag));

/**
 * Added to the names of a report's files: with AVX-VNNI, on the same processor with it turned off, and on processors
 * that lack it.
 */
export async function suffixOfLowering(): Promise<"-avx-vnni" | "-avx-vnni-off" | ""> {
  if (IS_TURNED_OFF) return "-avx-vnni-off";
  return (await hostDot()) === "bytes" ? "-avx-vnni" : "";
}

/** Runs this process's program again without AVX-VNNI, with further arguments, if the host has it. */
export async function againWithout(...more: string[]): Promise<void> {
  if ((await hostDot()) !== "bytes") return;
  const [program = "", ...given] = process.argv.slice(1);
  // Miniflare passes these flags to workerd.
  const env = { ...process.env, MINIFLARE_WORKERD_V8_FLAGS: V8_FLAGS.join(" ") };
  const { status } = spawnSync(process.execPath, [...V8_FLAGS, program, ...given, ...more], {
    stdio: "inherit",
    env,
  });
  if (status !== 0) throw new Error(`the run without AVX-VNNI ended with ${status}`);
}
