/**
 * Runs a built model's towers in Node, on the Workers' onnxruntime. Shows whether a fault is in a Worker or in a graph.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Manifest, Shard } from "../../model-shards/manifest.ts";
import type { OrtSession, Tensor } from "../../functions/runtime/ort/ort-runtime.ts";
import { TokenTable } from "../../functions/text/token-table.ts";
import { readManifest } from "../models/read-manifest.ts";
import { FolderBucket } from "./folder-bucket.ts";
import { ortRuntime } from "./compiled-ort.ts";
import { provideScheduler } from "./provide-scheduler.ts";

provideScheduler();

/** Bytes of chunks of the token table that are kept. */
const KEPT_CHUNKS = 8_000_000;

export class NodeTowers {
  readonly #image: Loaded[];
  readonly #text: Loaded[];
  readonly #tokens: TokenTable;
  readonly #textWidth: number;

  private constructor(image: Loaded[], text: Loaded[], tokens: TokenTable, textWidth: number) {
    this.#image = image;
    this.#text = text;
    this.#tokens = tokens;
    this.#textWidth = textWidth;
  }

  static async load(folder: string): Promise<NodeTowers> {
    const { image, text } = await readManifest(folder);
    const tokens = new TokenTable(
      { bucket: new FolderBucket(folder), prefix: "." },
      text.token_embedding,
      KEPT_CHUNKS,
    );
    return new NodeTowers(
      await load(folder, image.shards),
      await load(folder, text.shards),
      tokens,
      text.width,
    );
  }

  /** @param data float32 `1 × 3 × height × width`, preprocessed */
  embedTensor(data: Float32Array, height: number, width: number): Float32Array {
    return run(this.#image, { data, shape: [1, 3, height, width] }, {});
  }

  /** @returns each shard's output, by name, for a picture as in `embedTensor` */
  imageActivations(data: Float32Array, height: number, width: number): Map<string, Float32Array> {
    const outputs = new Map<string, Float32Array>();
    const keep = (name: string, output: Tensor): void => void outputs.set(name, output.data as Float32Array);
    run(this.#image, { data, shape: [1, 3, height, width] }, {}, keep);
    return outputs;
  }

  /** @returns the tokens' embeddings, float32 `ids.length × width` */
  async tokenRows(ids: readonly number[]): Promise<Float32Array> {
    const tokens = Int32Array.from(ids);
    return (await this.#tokens.read(tokens)).of(tokens);
  }

  async embedTokens(ids: readonly number[]): Promise<Float32Array> {
    return embedRows(this.#text, await this.tokenRows(ids), this.#textWidth);
  }
}

/**
 * Opens an image tower alone.
 * @returns embeds a tensor as `embedTensor` does
 */
export async function openImageTower(
  folder: string,
  shards: Shard[],
): Promise<(data: Float32Array, height: number, width: number) => Float32Array> {
  const tower = await load(folder, shards);
  return (data, height, width) => run(tower, { data, shape: [1, 3, height, width] }, {});
}

/**
 * Opens a text tower alone.
 * @returns embeds the ids of a text
 */
export async function openTextTower(
  folder: string,
  { shards, token_embedding, width }: Manifest["text"],
): Promise<(ids: readonly number[]) => Promise<Float32Array>> {
  const tokens = new TokenTable(
    { bucket: new FolderBucket(folder), prefix: "." },
    token_embedding,
    KEPT_CHUNKS,
  );
  const tower = await load(folder, shards);
  return async (ids) => {
    const text = Int32Array.from(ids);
    return embedRows(tower, (await tokens.read(text)).of(text), width);
  };
}

/** @param data token rows, float32 positions × width */
function embedRows(tower: Loaded[], data: Float32Array, width: number): Float32Array {
  const positions = data.length / width;
  const eot_index = { data: BigInt64Array.of(BigInt(positions - 1)), shape: [1, 1] };
  return run(tower, { data, shape: [1, positions, width] }, { eot_index });
}

interface Loaded {
  shard: Shard;
  session: OrtSession;
}

async function load(folder: string, shards: Shard[]): Promise<Loaded[]> {
  const runtime = await ortRuntime();
  return await Promise.all(
    shards.map(async (shard) => {
      const graph = await readFile(join(folder, shard.graph.file));
      const weights = await readFile(join(folder, shard.weights.file));
      return { shard, session: runtime.createSession(graph, new Map([[shard.weights.file, weights]])) };
    }),
  );
}

function run(
  tower: Loaded[],
  input: Tensor,
  extra: Record<string, Tensor>,
  onOutput: (name: string, output: Tensor) => void = () => {},
): Float32Array {
  let activation = input;
  for (const { shard, session } of tower) {
    const output = session.run({ ...extra, [shard.inputs[0]?.name ?? ""]: activation })[shard.output.name];
    if (output === undefined) throw new Error(`no output from ${shard.graph.file}`);
    onOutput(shard.output.name, output);
    activation = output;
  }
  return activation.data as Float32Array;
}
