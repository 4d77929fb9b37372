/**
 * The contract between `build/`, which writes `model-shards/<alias>/manifest.json`, and `functions/`, which reads it.
 * The types follow from the schema.
 *
 * A manifest never changes. Its `revision` is the hash of everything else in it (see `revision.ts`), it states the
 * SHA-256 of every file, and all files are under `<alias>/<revision>/` in R2. So a different build has a different
 * revision.
 */
import * as z from "zod";

/**
 * Version of this format. A build writes this version. A reader accepts this version and the first one, whose image
 * tower is always a ConvNeXt, and refuses any other.
 */
export const MANIFEST_FORMAT = "edgeclip-manifest/2";
const FIRST_FORMAT = "edgeclip-manifest/1";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.number().int().positive();

/** One object in R2, or one file on disk; its name is relative to the manifest. */
const fileSchema = z.strictObject({
  file: z.string().regex(/^[a-z0-9][a-z0-9.-]*$/),
  bytes: count,
  sha256,
});

/** A named input or output of a shard. A dimension that is known only at run time is a string. */
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
  /**
   * Largest sum of the activations that are in memory at the same time, in bytes, for one image of the input size or
   * one text of full length.
   */
  peak_activation_bytes: count,
});

/**
 * The token embedding table, kept outside ONNX so that single rows can be read. One row is
 * `float32 scale (little-endian) | int8 × width` for int8 and `float32 × width` for fp32; a chunk is `rows_per_chunk`
 * rows (the last one may be shorter). Each chunk has its own hash, so that a range read can be verified.
 */
const tokenEmbeddingSchema = z.strictObject({
  ...fileSchema.shape,
  rows: count,
  width: count,
  row_bytes: count,
  rows_per_chunk: count,
  chunk_sha256: z.array(sha256).min(1),
});

const triple = z.tuple([z.number(), z.number(), z.number()]);

/** Fields of every model. */
const modelFields = {
  /** The model's name in the API, for example `laion/CLIP-convnext_base_w-laion2B-s13B-b82K-augreg`. */
  id: z.string().regex(/^[A-Za-z0-9][\w.-]*(\/[A-Za-z0-9][\w.-]*)?$/),
  /** A name without a slash: the folder and the R2 prefix; the API accepts it too. */
  alias: z.string().regex(/^[a-z0-9][a-z0-9_.-]*$/),
  revision: z.string().regex(/^[0-9a-f]{16}$/),
  license: z.string(),
  precision: z.enum(["int8", "fp32"]),
  embedding_width: count,
  /** The trained value: a logit is `exp(logit_scale) × cosine`. */
  logit_scale: z.number(),
};

/** Fields of every image tower. */
const imageFields = {
  mean: triple,
  std: triple,
  interpolation: z.literal("bicubic"),
  resize_mode: z.literal("shortest"),
  shards: z.array(shardSchema).min(1),
};

const convNextFields = {
  ...imageFields,
  /** Side of the square input, pixels; a multiple of 32. */
  size: count.multipleOf(32),
  depths: z.array(count),
  widths: z.array(count),
};

/** timm's ConvNeXt. */
const convNextSchema = z.strictObject({ architecture: z.literal("convnext"), ...convNextFields });

/** open_clip's VisionTransformer. */
const vitSchema = z
  .strictObject({
    architecture: z.literal("vit"),
    ...imageFields,
    /** Side of the square input, pixels; a multiple of `patch_size`. */
    size: count,
    patch_size: count,
    width: count,
    heads: count,
    layers: count,
    mlp_width: count,
    /** `x · sigmoid(1.702 x)` in place of GELU. */
    quick_gelu: z.boolean(),
  })
  .refine(({ size, patch_size }) => size % patch_size === 0, "patch_size does not divide size");

const textFields = {
  tokenizer: z.literal("clip-bpe"),
  context_length: count,
  vocab_size: count,
  width: count,
  heads: count,
  layers: count,
  token_embedding: tokenEmbeddingSchema,
  shards: z.array(shardSchema).min(1),
};

const firstManifestSchema = z.strictObject({
  format: z.literal(FIRST_FORMAT),
  ...modelFields,
  image: z.strictObject(convNextFields),
  text: z.strictObject(textFields),
});

/** What a build writes. */
export const newestManifestSchema = z.strictObject({
  format: z.literal(MANIFEST_FORMAT),
  ...modelFields,
  /** Number of trained weights and biases of both towers. */
  parameters: count,
  /** Zero-shot top-1 accuracy on ImageNet in percent, as published by the authors of the weights; absent if unknown. */
  imagenet_zero_shot: z.number().min(0).max(100).optional(),
  /** Mean cosine of pictures that have nothing to do with each other; absent if it was not measured. */
  background_cosine: z.number().min(-1).max(1).optional(),
  /** The value of a unit vector that becomes 127 in int8; absent if it was not measured. */
  int8_scale: z.number().positive().optional(),
  image: z.discriminatedUnion("architecture", [convNextSchema, vitSchema]),
  text: z.strictObject({ ...textFields, quick_gelu: z.boolean() }),
});

/** What a reader accepts. The schema sets no defaults, because the revision is the hash of what was written. */
export const manifestSchema = z.discriminatedUnion("format", [firstManifestSchema, newestManifestSchema]);

/** The names that a model may have in the API and as a folder. */
export const { id: modelIdSchema, alias: modelAliasSchema } = modelFields;

export type Manifest = z.infer<typeof manifestSchema>;
export type NewestManifest = z.infer<typeof newestManifestSchema>;
export type Shard = z.infer<typeof shardSchema>;
export type ShardFile = z.infer<typeof fileSchema>;
export type TokenEmbedding = z.infer<typeof tokenEmbeddingSchema>;
