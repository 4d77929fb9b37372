/**
 * Weights and inputs that can be regenerated in any language. Full-size builds are tested with them where there are no
 * pretrained weights. The rule (hash of name and index, uniform, scaled by kind of tensor) is the one that the
 * reference outputs in `test/fixtures/reference` were made with. The constants are those of MurmurHash3's finalizer and
 * FNV-1a.
 */
import { elementCount } from "../checkpoint/checkpoint.ts";

/** float32, row-major, of the tensor called `name` in a synthetic checkpoint. */
export function syntheticTensor(name: string, shape: readonly number[]): Float32Array<ArrayBuffer> {
  const { mean, std } = distribution(name, shape);
  return uniform(name, elementCount(shape), mean, std);
}

/** A preprocessed picture: mean 0, variance 1. Names are `input:<size>`, with a letter for a second one. */
export function syntheticInput(name: string, elements: number): Float32Array<ArrayBuffer> {
  return uniform(name, elements, 0, 1);
}

/** Uniform values in [0, 1), from which all others are computed. */
export function syntheticUniform(name: string, elements: number): Float32Array<ArrayBuffer> {
  return uniform(name, elements, 0.5, 0.5 / Math.sqrt(3));
}

/** Mean and standard deviation of a tensor's values. */
export function distribution(name: string, shape: readonly number[]): { mean: number; std: number } {
  if (name === "logit_scale") return { mean: Math.log(100), std: 0 };
  if (name.endsWith(".gamma")) return { mean: 0.3, std: 0.1 };
  if (shape.length === 1) {
    if (!/norm|ln_|stem\.1|downsample\.0/.test(name)) return { mean: 0, std: 0.02 };
    return name.endsWith("weight") ? { mean: 1, std: 0.1 } : { mean: 0, std: 0.05 };
  }
  if (name === "token_embedding.weight") return { mean: 0, std: 0.02 };
  if (name === "positional_embedding") return { mean: 0, std: 0.01 };
  if (name === "text_projection") return { mean: 0, std: (shape[0] ?? 1) ** -0.5 };
  return { mean: 0, std: elementCount(shape.slice(1)) ** -0.5 };
}

function uniform(name: string, count: number, mean: number, std: number): Float32Array<ArrayBuffer> {
  const seed = fnv1a(name);
  const values = new Float32Array(count);
  const width = std * Math.sqrt(3);
  for (let i = 0; i < count; i++) {
    let hash = seed ^ Math.imul(i, 0x9e3779b1);
    hash ^= hash >>> 16;
    hash = Math.imul(hash, 0x85ebca6b);
    hash ^= hash >>> 13;
    hash = Math.imul(hash, 0xc2b2ae35);
    hash ^= hash >>> 16;
    values[i] = mean + width * (2 * ((hash >>> 0) / 2 ** 32) - 1);
  }
  return values;
}

function fnv1a(text: string): number {
  let hash = 2166136261;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 16777619);
  return hash;
}
