/** The synthetic full-size model, built once per size and kept in `.cache/`. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { SyntheticName } from "../../../build/synthetic/configs.ts";
import { buildSynthetic } from "./synthetic-model.ts";

const CACHE = join(import.meta.dirname, "../../../.cache/full-size");

/**
 * @param normal with matrices drawn from a normal distribution instead of a uniform one
 * @returns the built model's folder
 */
export async function fullSizeModel(
  imageSize: number,
  precision: "int8" | "fp32" = "int8",
  normal = false,
): Promise<string> {
  const folder = join(CACHE, `${imageSize}${normal ? "-normal" : ""}`);
  const built = join(folder, `base_w-${precision}-safetensors`);
  if (existsSync(join(built, "manifest.json"))) return built;
  return (await buildSynthetic("base_w", folder, { precision, imageSize, normal })).out;
}

/** A full-size model of another architecture, at its own size. @returns the built model's folder */
export async function fullSizeVit(
  name: SyntheticName & `vit_${string}`,
  precision: "int8" | "fp32" = "int8",
): Promise<string> {
  const folder = join(CACHE, name);
  const built = join(folder, `${name}-${precision}-safetensors`);
  if (existsSync(join(built, "manifest.json"))) return built;
  return (await buildSynthetic(name, folder, { precision })).out;
}
