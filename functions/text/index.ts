/** The text Worker on the project's own kernels. */
import { simdEngine } from "../runtime/simd/bundled-simd.ts";
import { textWorker } from "./text-worker.ts";

export default textWorker(simdEngine);
