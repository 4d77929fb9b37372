/** What onnxruntime, or the WebAssembly instance that runs it, refused or failed to do. */
export class OrtError extends Error {
  override readonly name = "OrtError";
}
