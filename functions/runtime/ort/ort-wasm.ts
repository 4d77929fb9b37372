/** onnxruntime's WebAssembly as the bundler gives it: compiled ahead, since a Worker may not compile from bytes. */
import ortWasm from "../../../.generated/ort/ort.wasm";

export default ortWasm;
