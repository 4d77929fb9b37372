/**
 * The towers' kernels: one module with relaxed SIMD, one without, from the same source (`build/simd-wasm`). They are
 * functions of byte offsets into the imported memory: who calls them lays the memory out, but for the first 1,024 bytes,
 * which are theirs (`low-memory.ts`).
 */
export { attention } from "./attention";
export { depthwise, padBand } from "./depthwise";
export { activate } from "./finish";
export { matmulFloat } from "./matmul-float";
export { hasDot, takesBytes } from "./dot";
export { matmulInt8 } from "./matmul-int8";
export { layerNorm } from "./norm";
export { packChannels, packInt8 } from "./pack";
export { quantizeRows, residues } from "./quantize";
export { add, meanOfRows, patchifyRow, spaceToDepth } from "./rearrange";
