/** Room for the scores of several sets: requests that need much of it come one after the other. */
import { afterEach, expect, it } from "vitest";
import type { Share } from "../../../functions/gateway/body/body-share.ts";
import {
  BODY_ROOM,
  BytesInFlight,
  MAX_BODY_MEMORY,
} from "../../../functions/gateway/body/bytes-in-flight.ts";
import type { UsedLabels } from "../../../functions/gateway/label-sets/inline-labels.ts";
import { growOwn } from "../../../functions/gateway/label-sets/own-room.ts";
import { SetRanker } from "../../../functions/gateway/routes/answer/rank-sets.ts";
import { SCORE_BYTES } from "../../../functions/gateway/routes/answer/stream-rows.ts";
import type { Ranking } from "../../../functions/gateway/score/rank-labels.ts";
import { GivenNames } from "../../../functions/label-sets/label-names.ts";
import { provideScheduler } from "../../../scripts/towers/provide-scheduler.ts";

const PICTURES = 16;
const SETS = 10;
const LABELS = 1_000;

provideScheduler();

const room = new BytesInFlight(BODY_ROOM, BODY_ROOM.large - MAX_BODY_MEMORY);
let opened: Share[] = [];

afterEach(() => {
  for (const share of opened) share.release();
  opened = [];
});

function open(): Share {
  const share = room.open(0);
  opened.push(share);
  return share;
}

/** Ranks pictures with one set after another. */
async function rank(share: Share, labels: number, topK: number): Promise<void> {
  const pictures = {
    embeddings: Array.from({ length: PICTURES }, () => new Float32Array(1)),
    errors: new Map<number, never>(),
    topK,
    sets: SETS,
    rank: (): Ranking => ({}) as Ranking,
  };
  const hold = async (bytes: number, later?: number): Promise<() => void> => {
    await growOwn(share, bytes, later);
    return () => {};
  };
  const ranker = new SetRanker(pictures, { hold, wanted: () => true });
  const names = new GivenNames(Array.from({ length: labels }, (_, index) => `${index}`));
  const matrix = { labels: names, vectors: new Float32Array(1), tokens: 1 };
  const resolve = async (): Promise<UsedLabels> => ({ matrix, cachedTokens: 1 }) as unknown as UsedLabels;
  for (let set = 0; set < SETS; set++) await ranker.rank({ count: labels, nameBytes: 0, resolve });
}

it("two requests whose scores do not fit together are both answered", async () => {
  const ranked = [open(), open()].map(async (share) => {
    await rank(share, LABELS, LABELS);
    const { held } = share;
    share.release();
    return held;
  });
  const bytes = PICTURES * SETS * LABELS * SCORE_BYTES;
  expect(2 * bytes).toBeGreaterThan(MAX_BODY_MEMORY);
  for (const held of await Promise.all(ranked)) expect(held - bytes).toBeLessThan(10_000);
});

it("a request for all labels of small sets holds room for those that they have", async () => {
  const share = open();
  await rank(share, 5, Number.MAX_SAFE_INTEGER);
  expect(share.lane).toBe("small");
  expect(share.atLast).toBe(share.held);
  expect(share.held).toBeLessThan(PICTURES * SETS * 5 * SCORE_BYTES + 10_000);
});
