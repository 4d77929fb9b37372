/** The same model in two deployments, one on each engine. */
import { startWorkers, type Workers } from "../../support/workers.ts";
import { benchModel } from "./benched-model.ts";

export type Engines = Record<"ort" | "simd", Workers>;

export async function createWorkersOf(quick: boolean, size = 256): Promise<Engines> {
  const { model } = await benchModel(quick, size);
  return {
    ort: await startWorkers({ model, engine: "ort" }),
    simd: await startWorkers({ model, engine: "simd" }),
  };
}
