/** onnxruntime as a Worker has it: with the WebAssembly that the bundler compiled ahead. */
import type { CreateEngine } from "../tower/engine.ts";
import { OrtEngine } from "./ort-engine.ts";
import ortWasm from "./ort-wasm.ts";

export const ortEngine: CreateEngine = (parts) => new OrtEngine(ortWasm, parts);
