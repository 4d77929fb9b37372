/**
 * Finds the kind of this host's dot product with a module of a few hundred bytes, for Workers that have no tower. All
 * Workers of one invocation run on the same host.
 */
import type { Dot } from "../tower/engine.ts";
import { dotOf, hasRelaxedSimd } from "./kernels.ts";

/** A plain value, because a request must not await another request's promise. */
let known: Dot | undefined;

export async function dotOfHost(): Promise<Dot> {
  known ??= await ask();
  return known;
}

async function ask(): Promise<Dot> {
  if (!hasRelaxedSimd()) return "none";
  const { default: wasm } = await import("../../../.generated/simd/dot.wasm");
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { exports } = await WebAssembly.instantiate(wasm, { env: { memory } });
  return dotOf(exports);
}
