/** Measures both towers of a checkpoint and finds the promotions that they need. */
import type { Architecture } from "../architecture/architecture.ts";
import type { ModelConfig } from "../architecture/model-config.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import type { Open } from "../measure/graph-runner.ts";
import { checkpointRows, pictureSamples, type SampleSource, textSamples } from "../measure/sample-source.ts";
import type { Progress } from "../report/progress.ts";
import { imageTower } from "../towers/image-tower.ts";
import { textTower } from "../towers/text-tower.ts";
import type { ReadTensor } from "../towers/tower-unit.ts";
import { promoteTower, type TowerPromotion } from "./promote-tower.ts";

export interface Calibration {
  open: Open;
  samples: SampleSource;
  /** Least cosine to fp32, of a block given the same input and of the embedding. */
  floor: number;
}

interface Model {
  architecture: Architecture;
  config: ModelConfig;
  checkpoint: Checkpoint;
  read: ReadTensor;
}

export async function calibrate(
  { architecture, config, checkpoint, read }: Model,
  { open, samples, floor }: Calibration,
  progress: Progress,
): Promise<TowerPromotion[]> {
  const options = { open, floor, progress };
  const { mean, std } = config.preprocessing;
  const pictures = await pictureSamples(samples, { size: architecture.image.size, mean, std });
  const texts = await textSamples(await samples.texts(architecture.text.contextLength), (ids) =>
    checkpointRows(checkpoint, ids),
  );
  return [
    await promoteTower(
      {
        tower: "image",
        units: (emitter, cached) => imageTower(architecture, emitter, cached),
        read,
        samples: pictures,
      },
      options,
    ),
    await promoteTower(
      {
        tower: "text",
        units: (emitter, cached) => textTower(architecture, emitter, cached),
        read,
        samples: texts,
      },
      options,
    ),
  ];
}
