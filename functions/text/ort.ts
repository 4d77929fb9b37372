/** The text Worker on onnxruntime. */
import { ortEngine } from "../runtime/ort/engine.ts";
import { textWorker } from "./text-worker.ts";

export default textWorker(ortEngine);
