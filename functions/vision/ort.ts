/** The vision Worker on onnxruntime. */
import { ortEngine } from "../runtime/ort/bundled-ort.ts";
import { visionWorker } from "./vision-worker.ts";

export default visionWorker(ortEngine);
