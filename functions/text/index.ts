/** The text Worker on the project's own kernels. */
import { simdEngine } from "../runtime/simd/bundled-simd.ts";
import { textWorker } from "./text-worker.ts";

export default textWorker(simdEngine, {
  answers: { large: 11_000_000, background: 12_000_000 },
  rows: 8_000_000,
  chunks: 8_000_000,
});
