/**
 * Hosts differ in what V8 makes of the dot product. Where it takes bytes, by AVX-VNNI, a bench runs a second time in a
 * process whose V8 is told not to use that: what the same machine would be without. Elsewhere the first run is that one.
 */
import { spawnSync } from "node:child_process";
import { hostDot } from "../../support/simd-kernels.ts";

export const V8_FLAGS = ["--no-enable-avx-vnni", "--no-enable-avx-vnni-int8"];

/** What the second run's files are called more. */
export const WITHOUT = "-without-avx-vnni";

/** Runs this process's program again, with further arguments, if there is something to be switched off. */
export async function againWithout(...more: string[]): Promise<void> {
  if ((await hostDot()) !== "bytes") return;
  const [program = "", ...given] = process.argv.slice(1);
  // Miniflare hands these to workerd.
  const env = { ...process.env, MINIFLARE_WORKERD_V8_FLAGS: V8_FLAGS.join(" ") };
  const { status } = spawnSync(process.execPath, [...V8_FLAGS, program, ...given, ...more], {
    stdio: "inherit",
    env,
  });
  if (status !== 0) throw new Error(`the run without AVX-VNNI ended with ${status}`);
}
