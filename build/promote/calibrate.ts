/** Measures both towers of a checkpoint in int8 and finds the promotions that they need. */
import type { Architecture } from "../architecture/architecture.ts";
import type { ModelConfig } from "../architecture/model-config.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import type { Open } from "../measure/graph-runner.ts";
import { checkpointRows, pictureSamples, type SampleSource, textSamples } from "../measure/sample-source.ts";
import { quantizeLinear } from "../quantize/quantize-linear.ts";
import type { Progress } from "../report/progress.ts";
import { imageTower } from "../towers/image-tower.ts";
import { textTower } from "../towers/text-tower.ts";
import type { ReadTensor } from "../towers/tower-unit.ts";
import { PROMOTION_BYTES } from "./promotion.ts";
import { promoteTower, type TowerPromotion, type TowerToPromote } from "./promote-tower.ts";

export interface Calibration {
  open: Open;
  samples: SampleSource;
  /** Least cosine to fp32, of a block given the same input and of the embedding. */
  floor: number;
  /** Bytes that each tower may grow by. Default: `PROMOTION_BYTES`. */
  budgetBytes?: number;
}

interface Model {
  architecture: Architecture;
  config: ModelConfig;
  checkpoint: Checkpoint;
  read: ReadTensor;
}

export async function calibrate(
  { architecture, config, checkpoint, read }: Model,
  { open, samples, floor, budgetBytes = PROMOTION_BYTES }: Calibration,
  progress: Progress,
): Promise<TowerPromotion[]> {
  const options = { open, floor, progress };
  const { mean, std } = config.preprocessing;
  const pictures = await pictureSamples(samples, { size: architecture.image.size, mean, std });
  const texts = await samples.texts(architecture.text.contextLength);
  const rows = (ids: readonly number[]): Promise<Float32Array> => checkpointRows(checkpoint, ids);
  const built = async (ids: readonly number[]): Promise<Float32Array> =>
    rounded(await rows(ids), ids.length, architecture.text.width);
  const image: TowerToPromote = {
    tower: "image",
    units: (emitter, cached) => imageTower(architecture, emitter, cached),
    read,
    samples: pictures,
    built: pictures,
    budgetBytes,
  };
  const text: TowerToPromote = {
    tower: "text",
    units: (emitter, cached) => textTower(architecture, emitter, cached),
    read,
    samples: await textSamples(texts, rows),
    built: await textSamples(texts, built),
    budgetBytes,
  };
  return [await promoteTower(image, options), await promoteTower(text, options)];
}

/** Rows of the token table, rounded to int8 and converted back to float32. */
function rounded(rows: Float32Array, count: number, width: number): Float32Array {
  const { values, scales } = quantizeLinear(rows, count, width);
  return rows.map((_, i) => {
    const row = Math.floor(i / width);
    return (scales[row] ?? 0) * (values[(i % width) * count + row] ?? 0);
  });
}
