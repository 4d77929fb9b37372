/** onnxruntime as a Worker has it: on WebAssembly that the bundler compiled ahead, since a Worker may not compile bytes. */
import ortWasm from "../../../.generated/ort/ort.wasm";
import type { CreateEngine } from "../tower/engine.ts";
import { OrtEngine } from "./ort-engine.ts";

export const ortEngine: CreateEngine = (parts) => new OrtEngine(ortWasm, parts);
