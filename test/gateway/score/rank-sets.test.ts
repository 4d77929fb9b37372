/** What a classification with several sets of labels holds and refuses, and that it releases each set. */
import { expect, it, vi } from "vitest";
import type { Examples } from "../../../functions/adapter/adapter.ts";
import type { UsedLabels } from "../../../functions/gateway/label-sets/inline-labels.ts";
import {
  type LoadedLabels,
  loadLabels,
  SetRanker,
} from "../../../functions/gateway/routes/answer/rank-sets.ts";
import { SCORE_BYTES } from "../../../functions/gateway/routes/answer/stream-rows.ts";
import type { Ranking } from "../../../functions/gateway/score/rank-labels.ts";
import { type LabelNames, READ_NAME } from "../../../functions/label-sets/label-names.ts";
import { ClientGoneError } from "../../../functions/runtime/sharing/wanted.ts";
import { provideScheduler } from "../../../scripts/towers/provide-scheduler.ts";

provideScheduler();

const TOO_MANY = { code: "too_many_items", param: "top_k" };
const RANKING: Ranking = { prediction: "a", score: 1, predictions: [] };

/** Stored names of so many bytes each. */
const namesOf = (length: number, bytes: number): LabelNames => ({
  length,
  at: (index) => `${index}`,
  bytesAt: () => bytes,
});

function labelsOf(names: LabelNames, release?: () => void): UsedLabels {
  const matrix = { labels: names, vectors: new Float32Array(1), tokens: 7 };
  return { matrix, cachedTokens: 3, ...(release && { release }) } as unknown as UsedLabels;
}

/** @param nameBytes most bytes that the names in the answer can have; each has `each` */
function setOf(count: number, nameBytes = 0, each = nameBytes): LoadedLabels & { release: () => void } {
  const release = vi.fn<() => void>();
  return { count, nameBytes, release, resolve: async () => labelsOf(namesOf(count, each), release) };
}

/** A ranking whose answer has one name of the set. */
function withName(_: Float32Array, { matrix }: UsedLabels): Ranking {
  matrix.labels.at(0);
  return RANKING;
}

function fail(): never {
  throw new Error("no");
}

interface Ranked {
  pictures: number;
  topK: number;
  sets: number;
  broken?: number[];
  examples?: Examples;
  wanted?: () => boolean;
  rank?: (image: Float32Array, labels: UsedLabels) => Ranking;
}

/** What the ranker asks room for: bytes now, and later. */
function rankerOf({ pictures, broken = [], rank = () => RANKING, wanted = () => true, ...others }: Ranked): {
  ranker: SetRanker;
  held: [now: number, later: number | undefined][];
} {
  const held: [now: number, later: number | undefined][] = [];
  const hold = async (now: number, later?: number): Promise<() => void> => {
    held.push([now, later]);
    return () => {};
  };
  const embeddings = Array.from({ length: pictures }, () => new Float32Array(1));
  const ranked = { embeddings, errors: new Set(broken), rank, ...others };
  return { ranker: new SetRanker(ranked, { hold, wanted }), held };
}

it("ranks each picture without an error, and releases the set", async () => {
  const { ranker } = rankerOf({ pictures: 3, topK: 5, sets: 1, broken: [1] });
  const set = setOf(4);
  expect(await ranker.rank(set)).toEqual({
    labels: 4,
    rankings: [RANKING, undefined, RANKING],
    ignored: [],
    tokens: 7,
    cachedTokens: 3,
  });
  expect(set.release).toHaveBeenCalledOnce();
});

it("ranks with the request's own examples, and says which it ignores", async () => {
  // The first label's example was ignored.
  const vectors = Float32Array.of(0, 0, 1, 0);
  const examples: Examples = { vectors, labels: [0, 1], alpha: 1, beta: 1, background: 0 };
  const given: unknown[] = [];
  const rank = (_: Float32Array, { matrix }: UsedLabels): Ranking => {
    given.push(matrix.examples);
    return RANKING;
  };
  const { ranker } = rankerOf({ pictures: 2, topK: 5, sets: 1, examples, rank });
  expect(await ranker.rank(setOf(4))).toMatchObject({ ignored: [0] });
  expect(given).toEqual([examples, examples]);
});

it("pauses after each 24.6 million values of a matrix, and ends when nobody waits", async () => {
  let pauses = 0;
  const { ranker } = rankerOf({ pictures: 4, topK: 5, sets: 1, wanted: () => ++pauses < 2 });
  const names = namesOf(4, 0);
  const matrix = { labels: names, vectors: { length: 12_288_000 }, tokens: 0 };
  const resolve = async (): Promise<UsedLabels> => ({ matrix, cachedTokens: 0 }) as unknown as UsedLabels;
  await expect(ranker.rank({ count: 4, nameBytes: 0, resolve })).rejects.toThrow(ClientGoneError);
  expect(pauses).toBe(2);
});

it("releases the set if a picture cannot be ranked", async () => {
  const { ranker } = rankerOf({ pictures: 1, topK: 5, sets: 1, rank: fail });
  const set = setOf(4);
  await expect(ranker.rank(set)).rejects.toThrow("no");
  expect(set.release).toHaveBeenCalledOnce();
});

it("holds scores and names of a set, and says what the later ones take", async () => {
  const { ranker, held } = rankerOf({ pictures: 2, topK: 10, sets: 3, rank: withName });
  // At most four labels, though ten are asked for.
  await ranker.rank(setOf(4, 100));
  await ranker.rank(setOf(50, 1_000));
  await ranker.rank(setOf(50, 1_000));
  const scores = 2 * 10 * SCORE_BYTES;
  expect(held).toEqual([
    [2 * 4 * SCORE_BYTES + 100 * READ_NAME, 2 * scores + 2 * 100 * READ_NAME],
    [scores + 1_000 * READ_NAME, scores + 1_000 * READ_NAME],
    [scores + 1_000 * READ_NAME, 0],
  ]);
});

it("holds no more for names than an answer may have", async () => {
  const { ranker, held } = rankerOf({ pictures: 1, topK: 1, sets: 3, rank: withName });
  await ranker.rank(setOf(1, 5_000_000));
  await ranker.rank(setOf(1, 5_000_000, 1));
  const scores = [1, 2, 1, 1].map((count) => count * SCORE_BYTES);
  const names = [5_000_000, 3_000_000, 3_000_000, 0].map((bytes) => bytes * READ_NAME);
  expect(held.flat()).toEqual(scores.map((bytes, index) => bytes + (names[index] ?? 0)));
});

it("has room already for names as long as those that were not in the answer", async () => {
  const { ranker, held } = rankerOf({ pictures: 1, topK: 1, sets: 2 });
  await ranker.rank(setOf(1, 1_000));
  await ranker.rank(setOf(1, 1_500));
  expect(held[1]).toEqual([SCORE_BYTES + 500 * READ_NAME, 0]);
});

it("refuses more labels than an answer may have before it loads any of them", async () => {
  const { ranker, held } = rankerOf({ pictures: 16, topK: 10_000, sets: 2 });
  const ranked = await ranker.rank(setOf(10_000));
  const set = setOf(1);
  const resolve = vi.fn<LoadedLabels["resolve"]>();
  await expect(ranker.rank({ ...set, resolve })).rejects.toMatchObject(TOO_MANY);
  expect(resolve).not.toHaveBeenCalled();
  // The first set left no room in the answer.
  expect(held).toEqual([[160_000 * SCORE_BYTES, 0]]);
  expect(() => ranker.repeat(ranked)).toThrow(expect.objectContaining(TOO_MANY));
});

it("gives a set that comes again from what was ranked", async () => {
  const { ranker, held } = rankerOf({ pictures: 1, topK: 5, sets: 2 });
  const ranked = await ranker.rank(setOf(3));
  expect(ranker.repeat(ranked)).toBe(ranked);
  expect(held).toHaveLength(1);
});

it("refuses longer names than an answer may have, and counts a set's names once", async () => {
  const { ranker } = rankerOf({ pictures: 2, topK: 1, sets: 3, rank: withName });
  await ranker.rank(setOf(1, 4_000_000));
  await ranker.rank(setOf(1, 4_000_000));
  const set = setOf(1, 1);
  await expect(ranker.rank(set)).rejects.toMatchObject(TOO_MANY);
  expect(set.release).toHaveBeenCalledOnce();
});

it("keeps labels that take no room, and loads others again, whose tokens count as at first", async () => {
  const kept = labelsOf(namesOf(9, 10));
  const resolve = vi.fn<LoadedLabels["resolve"]>(async () => kept);
  const loaded = await loadLabels(resolve, 3);
  expect(loaded).toMatchObject({ count: 9, nameBytes: 30 });
  expect(await loaded.resolve()).toBe(kept);
  expect(resolve).toHaveBeenCalledOnce();

  const release = vi.fn<() => void>();
  let cachedTokens = 0;
  const again = await loadLabels(
    async () => ({ ...labelsOf(namesOf(9, 10), release), cachedTokens: cachedTokens++ }),
    3,
  );
  expect(release).toHaveBeenCalledOnce();
  expect(await again.resolve()).toMatchObject({ cachedTokens: 0, release });
  expect(cachedTokens).toBe(2);
});
