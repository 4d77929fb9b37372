/**
 * Ranks the pictures of a classification with one set of labels after another, because 16 sets of 10,000 labels are 400
 * MB.
 *
 * Scores and names take room before they are made. The names of a thousand labels may be 8 MB, and those of 16 sets
 * more than an isolate has, though the request is short. While a request waits for that room it holds no set: others
 * hold theirs in the opposite order. It says what the sets after this one will take: otherwise two requests could each
 * hold half of the room, and wait for each other.
 */
import { type Examples, ignoredLabels } from "../../../adapter/adapter.ts";
import { type LabelNames, mostNameBytes, NamesOnce, READ_NAME } from "../../../label-sets/label-names.ts";
import { ServiceError } from "../../../runtime/errors.ts";
import { Pauses } from "../../../runtime/sharing/pauses.ts";
import type { EmbedContext } from "../../embed/embed-context.ts";
import type { EmbeddedMatrix } from "../../label-sets/embed-matrix.ts";
import type { UsedLabels } from "../../label-sets/inline-labels.ts";
import { MAX_ANSWER_NAME_BYTES, MAX_PREDICTIONS } from "../../limits.ts";
import type { Ranking } from "../../score/rank-labels.ts";
import { SCORE_BYTES } from "./stream-rows.ts";

/** Cost of comparing a picture with one value of a matrix, in characters of a text. */
const RANKING = 1 / 1000;

/** Gives labels that are in use until they are released. */
export type Resolve = () => Promise<UsedLabels>;

/** Labels that were loaded, and are not in use any more. */
export interface LoadedLabels {
  count: number;
  /** Most bytes that the names in the answer can have. */
  nameBytes: number;
  resolve: Resolve;
}

/**
 * Loads labels, and does not keep their room: a client whose pictures come slowly would keep it from everybody else.
 * @param most names in the answer
 */
export async function loadLabels(resolve: Resolve, most: number): Promise<LoadedLabels> {
  const labels = await resolve();
  const names = labels.matrix.labels;
  const loaded = { count: names.length, nameBytes: mostNameBytes(names, most) };
  if (labels.release === undefined) return { ...loaded, resolve: kept(labels) };
  labels.release();
  return { ...loaded, resolve: again(resolve, labels.cachedTokens) };
}

function kept(labels: UsedLabels): Resolve {
  return () => Promise.resolve(labels);
}

/** @param cachedTokens of the first time; by now all of them are cached */
function again(resolve: Resolve, cachedTokens: number): Resolve {
  return async () => ({ ...(await resolve()), cachedTokens });
}

/** What the answer has of a set. */
export interface RankedSet {
  labels: number;
  /** By picture; absent for one with an error. */
  rankings: readonly (Ranking | undefined)[];
  /** Indices of the labels whose examples are ignored. */
  ignored: readonly number[];
  tokens: number;
  cachedTokens: number;
}

export interface RankedPictures {
  /** Unit length. */
  embeddings: readonly Float32Array[];
  errors: { has(index: number): boolean };
  topK: number;
  /** Sets in the answer. */
  sets: number;
  /** Of the request's own labels. */
  examples?: Examples | undefined;
  rank: (image: Float32Array, labels: EmbeddedMatrix) => Ranking;
}

export class SetRanker {
  readonly #pictures: RankedPictures;
  readonly #hold: EmbedContext["hold"];
  readonly #pauses: Pauses;
  /** Sets that come after the present one. */
  #left: number;
  #predictions = 0;
  #nameBytes = 0;
  /** Bytes of names that have room. */
  #nameRoom = 0;

  constructor(pictures: RankedPictures, { hold, wanted }: Pick<EmbedContext, "hold" | "wanted">) {
    this.#pictures = pictures;
    this.#left = pictures.sets;
    this.#hold = hold;
    this.#pauses = new Pauses(wanted);
  }

  /**
   * Ranks all pictures. What it holds for the answer is given back with the request's room.
   * @throws ServiceError `too_many_items`, `overloaded`; whatever `resolve` throws; ClientGoneError
   */
  async rank({ count, nameBytes, resolve }: LoadedLabels): Promise<RankedSet> {
    const predictions = this.#count(count);
    const most = Math.min(this.#nameBytes + nameBytes, MAX_ANSWER_NAME_BYTES);
    const names = Math.max(0, most - this.#nameRoom);
    this.#nameRoom += names;
    await this.#hold(roomOf(predictions, names), this.#later(nameBytes));
    const labels = await resolve();
    try {
      return await this.#rankAll(labels);
    } finally {
      labels.release?.();
    }
  }

  /** The same set once more in the answer. @throws ServiceError `too_many_items` */
  repeat(ranked: RankedSet): RankedSet {
    this.#count(ranked.labels);
    return ranked;
  }

  /** Most bytes that the sets after this one take, if their names are as long as this one's. */
  #later(nameBytes: number): number {
    const { embeddings, topK } = this.#pictures;
    const predictions = Math.min(this.#left * embeddings.length * topK, MAX_PREDICTIONS - this.#predictions);
    const names = Math.min(this.#left * nameBytes, MAX_ANSWER_NAME_BYTES - this.#nameRoom);
    return roomOf(predictions, names);
  }

  #count(labels: number): number {
    const { embeddings, topK } = this.#pictures;
    this.#left--;
    const predictions = embeddings.length * Math.min(topK, labels);
    this.#predictions += predictions;
    if (this.#predictions > MAX_PREDICTIONS) throw tooMany(`more than ${MAX_PREDICTIONS} labels`);
    return predictions;
  }

  async #rankAll(resolved: UsedLabels): Promise<RankedSet> {
    const { embeddings, errors, examples, rank } = this.#pictures;
    const matrix = {
      ...resolved.matrix,
      labels: this.#countedNames(resolved.matrix.labels),
      ...(examples && { examples }),
    };
    const values = matrix.vectors.length + (matrix.examples?.vectors.length ?? 0);
    const rankings: (Ranking | undefined)[] = [];
    for (const [index, image] of embeddings.entries()) {
      if (errors.has(index)) continue;
      rankings[index] = rank(image, { ...resolved, matrix });
      if (this.#pauses.isDue(RANKING * values)) await this.#pauses.pause();
    }
    return {
      labels: matrix.labels.length,
      rankings,
      ignored: matrix.examples === undefined ? [] : ignoredLabels(matrix.examples),
      tokens: matrix.tokens,
      cachedTokens: resolved.cachedTokens,
    };
  }

  #countedNames(names: LabelNames): NamesOnce {
    return new NamesOnce(names, (bytes) => {
      this.#nameBytes += bytes;
      if (this.#nameBytes > MAX_ANSWER_NAME_BYTES) {
        throw tooMany(`names of labels of more than ${MAX_ANSWER_NAME_BYTES / 1e6} MB together`);
      }
    });
  }
}

function roomOf(predictions: number, nameBytes: number): number {
  return SCORE_BYTES * predictions + READ_NAME * nameBytes;
}

function tooMany(what: string): ServiceError {
  return new ServiceError("too_many_items", `top_k: the answer would have ${what}`, { param: "top_k" });
}
