/**
 * Examples of labels to vectors: their pictures are embedded, with those of the request, and their vectors are checked.
 */
import type { ExampleDefinition, LabelDefinition } from "../../label-sets/definition.ts";
import { ServiceError } from "../../runtime/errors.ts";
import { sha256Hex } from "../../../model-shards/sha256.ts";
import { type EmbeddedImages, embedImages } from "../embed/embed-images.ts";
import { keptVector } from "../embed/kept-vector.ts";
import type { PictureBatch } from "../embed/picture-batch.ts";
import { MAX_EXAMPLE_PICTURES } from "../limits.ts";
import type { Example } from "../schemas/fields/example.ts";
import type { ImageReference } from "../schemas/fields/image.ts";
import type { OnError } from "../schemas/fields/on-error.ts";

/** A label as it was sent. */
export interface RequestLabel extends Omit<LabelDefinition, "examples"> {
  examples?: readonly Example[] | undefined;
}

export interface EmbeddedExamples {
  /** float32, examples × width, rows of unit length, in the order of the labels. */
  vectors: Float32Array<ArrayBuffer>;
  /** Index of each example's label, ascending. */
  labels: number[];
  /** SHA-256 of each picture's file; undefined for a vector. */
  hashes: (string | undefined)[];
}

/** True if a label has examples. */
export function isTaught(labels: readonly RequestLabel[]): boolean {
  return labels.some(({ examples }) => examples !== undefined);
}

/**
 * @param images the pictures to classify, which are embedded in the same run
 * @param onError for these pictures; an example that cannot be read is always an error
 * @throws ServiceError naming the bad example or picture; `label_set_model_mismatch` for a vector of another model;
 * `too_many_items`, `model_unavailable`, `overloaded`
 */
export async function embedWithExamples(
  images: readonly ImageReference[],
  labels: readonly RequestLabel[],
  batch: PictureBatch,
  onError: OnError = "fail",
): Promise<{ images: EmbeddedImages; examples: EmbeddedExamples }> {
  const { embedding_width: width, revision } = batch.context.manifest;
  const all = labels.flatMap(({ examples = [] }, label) =>
    examples.map((example, index) => ({ example, label, param: `labels[${label}].examples[${index}]` })),
  );
  const vectors = new Float32Array(all.length * width);
  const references = [...images];
  /** Index of the example that a reference is, and its path; the request's own pictures come first. */
  const places: { row: number; param: string }[] = [];
  for (const [row, { example, param }] of all.entries()) {
    if ("image" in example) {
      references.push(example.image);
      places.push({ row, param });
      continue;
    }
    if (example.revision !== revision) throw otherModel(example.revision, revision, `${param}.revision`);
    vectors.set(keptVector(example.embedding, width, `${param}.embedding`), row * width);
  }
  if (places.length > MAX_EXAMPLE_PICTURES) {
    const message = `at most ${MAX_EXAMPLE_PICTURES} examples of a request may be pictures or files; send vectors of others`;
    throw new ServiceError("too_many_items", message, { param: "labels" });
  }
  const paramOf = (index: number): string => places[index - images.length]?.param ?? `images[${index}]`;
  const embedded = await embedImages(references, batch, { paramOf, onError });
  for (const [index, error] of embedded.errors) if (index >= images.length) throw error;
  const hashes: (string | undefined)[] = Array.from({ length: all.length });
  for (const [at, { row }] of places.entries()) {
    const index = images.length + at;
    vectors.set(embedded.embeddings[index] ?? [], row * width);
    hashes[row] = embedded.hashes[index];
  }
  return {
    images: { ...embedded, embeddings: embedded.embeddings.slice(0, images.length) },
    examples: { vectors, labels: all.map(({ label }) => label), hashes },
  };
}

export function withoutExamples({ label, prompts, min_similarity }: RequestLabel): LabelDefinition {
  return { label, prompts, min_similarity };
}

/** Labels as a stored set has them: examples by the hashes of their content. */
export async function withHashes(
  labels: readonly RequestLabel[],
  { vectors, hashes }: EmbeddedExamples,
  revision: string,
): Promise<LabelDefinition[]> {
  const width = vectors.length / hashes.length;
  const definitions: ExampleDefinition[] = [];
  for (const [row, sha256] of hashes.entries()) {
    if (sha256 !== undefined) definitions.push({ sha256 });
    else {
      const values = vectors.subarray(row * width, (row + 1) * width);
      const bits = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      definitions.push({ sha256: await sha256Hex(bits), revision });
    }
  }
  let next = 0;
  return labels.map((label) => {
    if (label.examples === undefined) return withoutExamples(label);
    next += label.examples.length;
    return { ...label, examples: definitions.slice(next - label.examples.length, next) };
  });
}

function otherModel(given: string, revision: string, param: string): ServiceError {
  const message =
    `the vector is from revision ${JSON.stringify(given)}, the model's revision is ${JSON.stringify(revision)}: ` +
    "embed the picture again, or name the model that the vector is from";
  return new ServiceError("label_set_model_mismatch", message, { param });
}

/** For a set whose examples have no vectors of a model. */
export function noExamples(id: string, model: string): ServiceError {
  const message =
    `the label set ${id} has examples, and they have no vectors for the model ${JSON.stringify(model)}: ` +
    "store the set again with this model, or classify with the model that it was stored for";
  return new ServiceError("label_set_model_mismatch", message, { param: "label_set" });
}
