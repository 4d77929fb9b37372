/**
 * Models by short names. Accuracies are zero-shot top-1 on ImageNet in percent, from the authors' model cards and
 * open_clip's table of results.
 */

export interface Preset {
  /** Repository at the hub, and id in the API. */
  repository: string;
  /** Side of the pictures it was trained on, pixels. */
  imageSize: number;
  accuracy: number;
  /** At 384 pixels, if the model card states it. */
  accuracyAt384?: number;
  license: "mit";
}

export const DEFAULT_PRESET = "base_w-laion2b-augreg";

export const PRESETS: Readonly<Record<string, Preset>> = {
  "base_w-laion2b": {
    repository: "laion/CLIP-convnext_base_w-laion2B-s13B-b82K",
    imageSize: 256,
    accuracy: 70.8,
    license: "mit",
  },
  [DEFAULT_PRESET]: {
    repository: "laion/CLIP-convnext_base_w-laion2B-s13B-b82K-augreg",
    imageSize: 256,
    accuracy: 71.5,
    license: "mit",
  },
  "base_w-laion-aesthetic": {
    repository: "laion/CLIP-convnext_base_w-laion_aesthetic-s13B-b82K",
    imageSize: 256,
    accuracy: 71,
    license: "mit",
  },
  "base_w_320-laion-aesthetic": {
    repository: "laion/CLIP-convnext_base_w_320-laion_aesthetic-s13B-b82K",
    imageSize: 320,
    accuracy: 71.7,
    accuracyAt384: 71,
    license: "mit",
  },
  "base_w_320-laion-aesthetic-augreg": {
    repository: "laion/CLIP-convnext_base_w_320-laion_aesthetic-s13B-b82K-augreg",
    imageSize: 320,
    accuracy: 71.3,
    accuracyAt384: 72.2,
    license: "mit",
  },
  "vit-b-32-256-datacomp": {
    repository: "laion/CLIP-ViT-B-32-256x256-DataComp-s34B-b86K",
    imageSize: 256,
    accuracy: 72.8,
    license: "mit",
  },
  "vit-b-32-laion2b": {
    repository: "laion/CLIP-ViT-B-32-laion2B-s34B-b79K",
    imageSize: 224,
    accuracy: 66.6,
    license: "mit",
  },
  // OpenAI's weights in open_clip's format. They were trained with QuickGELU, as the config states.
  "vit-b-32-openai": {
    repository: "timm/vit_base_patch32_clip_224.openai",
    imageSize: 224,
    accuracy: 63.3,
    license: "mit",
  },
  "vit-b-16-datacomp": {
    repository: "laion/CLIP-ViT-B-16-DataComp.XL-s13B-b90K",
    imageSize: 224,
    accuracy: 73.5,
    license: "mit",
  },
};

/** @param name name of a preset, or of a repository, which is returned unchanged */
export function repositoryOf(name: string): string {
  return PRESETS[name]?.repository ?? name;
}

/** The license of a preset's repository. It is unknown for others, because the hub is not asked. */
export function licenseOf(repository: string): string {
  return presetOf(repository)?.license ?? "unknown";
}

/**
 * The published accuracy for pictures of this size; undefined if none is known.
 * @param imageSize default: the size that the model was trained on
 */
export function accuracyOf(repository: string, imageSize?: number): number | undefined {
  const preset = presetOf(repository);
  if (imageSize === 384) return preset?.accuracyAt384;
  return imageSize === undefined || imageSize === preset?.imageSize ? preset?.accuracy : undefined;
}

function presetOf(repository: string): Preset | undefined {
  return Object.values(PRESETS).find((each) => each.repository === repository);
}
