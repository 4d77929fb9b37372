/** The units of a model's image tower, for both architectures. */
import type { Architecture } from "../architecture/architecture.ts";
import { convNextTower } from "./convnext-tower.ts";
import type { Emitter } from "./emitter.ts";
import type { ReadTensor, TowerUnit } from "./tower-unit.ts";
import { vitTower } from "./vit-tower.ts";

export function imageTower(
  { image, embeddingWidth }: Architecture,
  emitter: Emitter,
  read: ReadTensor,
): TowerUnit[] {
  return image.architecture === "vit"
    ? vitTower(image, embeddingWidth, emitter, read)
    : convNextTower(image, embeddingWidth, emitter, read);
}
