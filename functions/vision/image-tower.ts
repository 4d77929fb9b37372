/** The isolate's image tower. */
import type { Manifest } from "../../model-shards/manifest.ts";
import { leasedManifest } from "../runtime/model-store/leased-manifest.ts";
import { parseModelReference } from "../runtime/model-store/model-reference.ts";
import { normalizeRows } from "../runtime/normalize.ts";
import ortWasm from "../runtime/ort/ort-wasm.ts";
import type { Embeddings } from "../runtime/rpc.ts";
import { Tower } from "../runtime/tower/tower.ts";
import type { VisionEnv } from "./index.ts";
import { type NormalizationTables, normalizationTables, pixelsToTensor } from "./pixels-to-tensor.ts";

let resident: ImageTower | undefined;

/**
 * The tower, loaded if need be.
 * @throws ServiceError `model_unavailable`
 */
export async function imageTower(
  env: VisionEnv,
  anchor: (work: Promise<unknown>) => void,
): Promise<ImageTower> {
  const manifest = await leasedManifest(env, anchor);
  resident ??= new ImageTower(manifest, env);
  await resident.ready(anchor);
  return resident;
}

export class ImageTower {
  readonly #manifest: Manifest;
  readonly #tower: Tower;
  readonly #tables: NormalizationTables;

  constructor(manifest: Manifest, env: VisionEnv) {
    const { mean, std, shards } = manifest.image;
    this.#manifest = manifest;
    this.#tables = normalizationTables(mean, std);
    const { prefix } = parseModelReference(env.MODEL);
    this.#tower = new Tower(ortWasm, shards, { bucket: env.MODELS, prefix });
  }

  ready(anchor: (work: Promise<unknown>) => void): Promise<void> {
    return this.#tower.ready(anchor);
  }

  /** Unit-length embeddings; one picture at a time, so that none depends on its neighbours. */
  embedPixels(pixels: Uint8Array, count: number): Embeddings {
    const { embedding_width: width, image, revision } = this.#manifest;
    const pictureBytes = 3 * image.size ** 2;
    if (pixels.byteLength !== count * pictureBytes) {
      throw new Error(`${pixels.byteLength} bytes are not ${count} pictures of ${image.size} pixels`);
    }
    const embeddings = new Float32Array(count * width);
    for (let i = 0; i < count; i++) {
      const picture = pixels.subarray(i * pictureBytes, (i + 1) * pictureBytes);
      const tensor = pixelsToTensor(picture, image.size, this.#tables);
      embeddings.set(this.#run(tensor, image.size, image.size), i * width);
    }
    normalizeRows(embeddings, width);
    return { revision, embeddings };
  }

  /** The embedding of a normalized picture, float32 `1 × 3 × height × width`, as the tower gives it. */
  embedTensor(values: Float32Array, height: number, width: number): Embeddings {
    return { revision: this.#manifest.revision, embeddings: this.#run(values, height, width) };
  }

  #run(values: Float32Array, height: number, width: number): Float32Array {
    const { data } = this.#tower.run({ data: values, shape: [1, 3, height, width] });
    return data as Float32Array;
  }
}
