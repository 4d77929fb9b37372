/** The text Worker on onnxruntime. */
import { ortEngine } from "../runtime/ort/bundled-ort.ts";
import { textWorker } from "./text-worker.ts";

export default textWorker(ortEngine);
