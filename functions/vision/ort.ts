/** The vision Worker on onnxruntime. */
import { ortEngine } from "../runtime/ort/engine.ts";
import { visionWorker } from "./vision-worker.ts";

export default visionWorker(ortEngine);
