/**
 * The towers' kernels. `build/simd-wasm` makes two modules from this source: with relaxed SIMD and without. Pointers
 * are byte offsets into the imported memory. The caller decides what is where, except for the first 1,024 bytes, which
 * belong to the kernels (`low-memory.ts`).
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
