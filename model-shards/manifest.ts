/**
 * The contract between `build/`, which writes `model-shards/<alias>/manifest.json`, and `functions/`, which
 * reads it. The schema is the type; neither side owns it.
 *
 * The manifest is immutable: `revision` is the hash of everything else in it (see `revision.ts`), every file is
 * named with its SHA-256, and all of them live under `<alias>/<revision>/` in R2. A different build is a
 * different revision.
 */
import * as z from "zod";

/** Version of this format. A reader refuses any other. */
export const MANIFEST_FORMAT = "edgeclip-manifest/1";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.number().int().positive();

/** One object in R2 (or file on disk), relative to the manifest. */
const fileSchema = z.strictObject({
  file: z.string().regex(/^[a-z0-9][a-z0-9.-]*$/),
  bytes: count,
  sha256,
});

/** A named value that crosses a shard's border; a string stands for a dimension known only at run time. */
const valueSchema = z.strictObject({
  name: z.string(),
  shape: z.array(z.union([count, z.string()])),
});

/**
 * A slice of a tower: an ONNX graph and its weights as ONNX external data. The first input is the activation;
 * the output of one shard is the first input of the next.
 */
const shardSchema = z.strictObject({
  graph: fileSchema,
  weights: fileSchema,
  inputs: z.array(valueSchema).min(1),
  output: valueSchema,
  /** What the shard computes, in words: `stem, stages.0.blocks.0-2`. */
  holds: z.string(),
  /** Largest sum of activations alive at once, in bytes, for one image at `image_size` or one full-length text. */
  peak_activation_bytes: count,
});

/**
 * The token embedding table, kept outside ONNX so that single rows can be read. One row is
 * `float32 scale (little-endian) | int8 × width` for int8 and `float32 × width` for fp32; a chunk is
 * `rows_per_chunk` rows (the last one may be shorter) and is verified by its own hash, so that a range read can be.
 */
const tokenEmbeddingSchema = z.strictObject({
  ...fileSchema.shape,
  rows: count,
  width: count,
  row_bytes: count,
  rows_per_chunk: count,
  chunk_sha256: z.array(sha256).min(1),
});

export const manifestSchema = z.strictObject({
  format: z.literal(MANIFEST_FORMAT),
  /** As the API names the model, for example `laion/CLIP-convnext_base_w-laion2B-s13B-b82K-augreg`. */
  id: z.string().regex(/^[A-Za-z0-9][\w.-]*(\/[A-Za-z0-9][\w.-]*)?$/),
  /** Slash-free name: folder, R2 prefix, and accepted by the API beside `id`. */
  alias: z.string().regex(/^[a-z0-9][a-z0-9_.-]*$/),
  revision: z.string().regex(/^[0-9a-f]{16}$/),
  license: z.string(),
  precision: z.enum(["int8", "fp32"]),
  embedding_width: count,
  /** As trained: a logit is `exp(logit_scale) × cosine`. */
  logit_scale: z.number(),
  image: z.strictObject({
    /** Side of the square input, pixels; a multiple of 32. */
    size: count.multipleOf(32),
    mean: z.tuple([z.number(), z.number(), z.number()]),
    std: z.tuple([z.number(), z.number(), z.number()]),
    interpolation: z.literal("bicubic"),
    resize_mode: z.literal("shortest"),
    depths: z.array(count),
    widths: z.array(count),
    shards: z.array(shardSchema).min(1),
  }),
  text: z.strictObject({
    tokenizer: z.literal("clip-bpe"),
    context_length: count,
    vocab_size: count,
    width: count,
    heads: count,
    layers: count,
    token_embedding: tokenEmbeddingSchema,
    shards: z.array(shardSchema).min(1),
  }),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type Shard = z.infer<typeof shardSchema>;
export type ShardFile = z.infer<typeof fileSchema>;
export type TokenEmbedding = z.infer<typeof tokenEmbeddingSchema>;
