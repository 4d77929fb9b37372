/**
 * The models that this project is for, by short names. Accuracies are zero-shot top-1 on ImageNet, in percent, as LAION's
 * model cards give them.
 */

export interface Preset {
  /** Repository at the hub, and id in the API. */
  repository: string;
  /** Side of the pictures it was trained on, pixels. */
  imageSize: number;
  accuracy: number;
  /** At 384 pixels, where the card gives it. */
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
};

/** @param name a preset's, or a repository's, which is returned as it is */
export function repositoryOf(name: string): string {
  return PRESETS[name]?.repository ?? name;
}

/** Of a preset's repository; of any other the hub is not asked. */
export function licenseOf(repository: string): string {
  const preset = Object.values(PRESETS).find((each) => each.repository === repository);
  return preset?.license ?? "unknown";
}
