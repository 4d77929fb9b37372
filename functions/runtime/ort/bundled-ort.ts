/**
 * onnxruntime in a Worker. The bundler supplies the compiled WebAssembly module, because a Worker may not compile
 * bytes.
 */
import ortWasm from "../../../.generated/ort/ort.wasm";
import type { CreateEngine } from "../tower/engine.ts";
import { OrtEngine } from "./ort-engine.ts";

export const ortEngine: CreateEngine = (parts) => new OrtEngine(ortWasm, parts);
