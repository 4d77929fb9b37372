/** The vision Worker on the project's own kernels. */
import { simdEngine } from "../runtime/simd/bundled-simd.ts";
import { visionWorker } from "./vision-worker.ts";

export default visionWorker(simdEngine);
