/**
 * V8 compiles the dot product differently on different hosts. If the host's dot product takes bytes, by AVX-VNNI, a
 * bench runs a second time in a process whose V8 may not use AVX-VNNI. This shows the same machine without it. On other
 * hosts, the first run shows that already.
 */
import { spawnSync } from "node:child_process";
import { FLAGS, given } from "../../support/memory/isolate-heap.ts";
import { hostDot } from "../../support/models/simd-kernels.ts";

const V8_FLAGS = ["--no-enable-avx-vnni", "--no-enable-avx-vnni-int8"];

/** Whether AVX-VNNI is turned off in this process and its workerd, see `againWithout`. */
export const IS_TURNED_OFF = V8_FLAGS.every((flag) => process.execArgv.includes(flag));

/**
 * Added to the names of a report's files: with AVX-VNNI, on the same processor with it turned off, and on processors
 * that lack it.
 */
export async function suffixOfLowering(): Promise<"-avx-vnni" | "-avx-vnni-off" | ""> {
  if (IS_TURNED_OFF !== V8_FLAGS.every((flag) => given?.includes(flag))) {
    throw new Error(`turn AVX-VNNI off in Node and in workerd, or in none: ${V8_FLAGS.join(" ")}, ${FLAGS}`);
  }
  if (IS_TURNED_OFF) return "-avx-vnni-off";
  return (await hostDot()) === "bytes" ? "-avx-vnni" : "";
}

/** Runs this process's program again without AVX-VNNI, if the host has it. */
export async function againWithout(): Promise<void> {
  if ((await hostDot()) !== "bytes") return;
  const [program = "", ...parameters] = process.argv.slice(1);
  // Miniflare passes these flags to workerd.
  const env = { ...process.env, [FLAGS]: [given, ...V8_FLAGS].filter(Boolean).join(" ") };
  const { status } = spawnSync(process.execPath, [...V8_FLAGS, program, ...parameters], {
    stdio: "inherit",
    env,
  });
  if (status !== 0) throw new Error(`the run without AVX-VNNI ended with ${status}`);
}
