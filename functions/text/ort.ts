/** The text Worker on onnxruntime, which holds 13 MB more than the own kernels. */
import { ortEngine } from "../runtime/ort/bundled-ort.ts";
import { textWorker } from "./text-worker.ts";

export default textWorker(ortEngine, {
  answers: { large: 5_500_000, background: 6_000_000 },
  rows: 5_000_000,
  chunks: 4_000_000,
});
