/**
 * The parts of the operator's report on batches and vector stores of all accounts. They count; nothing of what an account
 * has stored, not even a name or an id, is in the answer.
 */
import { batchState } from "../../batches/batches.ts";
import { OpenBatches } from "../../batches/open-batches.ts";
import { StoreMarks } from "../../vector-stores/store-marks.ts";
import { vectorStore } from "../../vector-stores/vector-stores.ts";
import type { Bindings } from "../bindings.ts";

/** Batches that are asked how far they are, of those that are not over. */
const MAX_BATCHES = 100;
/** Vector stores that are asked what they have. */
const MAX_STORES = 100;

export async function reportBatches(env: Bindings) {
  const counts = { batches: 0, unreachable: 0, lines: 0, lines_done: 0 };
  const statuses: Record<string, number> = {};
  let oldest: number | null = null;
  let isWhole = true;
  for await (const { account, id, markedAt } of new OpenBatches(env.FILES).after(undefined)) {
    if (counts.batches === MAX_BATCHES) {
      isWhole = false;
      break;
    }
    counts.batches++;
    oldest = Math.max(oldest ?? 0, Math.round((Date.now() - markedAt.getTime()) / 1000));
    const batch = await batchState(env, account, id)
      .get()
      .catch(() => null);
    if (batch === null) {
      counts.unreachable++;
      continue;
    }
    const status = batch?.status ?? "unknown";
    statuses[status] = (statuses[status] ?? 0) + 1;
    if (batch === undefined) continue;
    const { total, completed, failed } = batch.request_counts;
    counts.lines += total;
    counts.lines_done += completed + failed;
  }
  return { ...counts, statuses, oldest_seconds: oldest, is_whole: isWhole };
}

export async function reportVectorStores(env: Bindings) {
  const counts = { stores: 0, unreachable: 0, expired: 0, pictures: 0, waiting: 0, failed: 0, bytes: 0 };
  let isWhole = true;
  let asked = 0;
  for await (const { account, id } of new StoreMarks(env.VECTORS).after(undefined)) {
    if (asked++ === MAX_STORES) {
      isWhole = false;
      break;
    }
    const facts = await vectorStore(env, account, id)
      .facts()
      .catch(() => null);
    // A mark outlives its store until what is left of it has been cleared.
    if (facts === undefined) continue;
    counts.stores++;
    if (facts === null) {
      counts.unreachable++;
      continue;
    }
    if (facts.status === "expired") counts.expired++;
    counts.pictures += facts.counts.completed;
    counts.waiting += facts.counts.in_progress;
    counts.failed += facts.counts.failed;
    counts.bytes += facts.usageBytes;
  }
  return { ...counts, is_whole: isWhole };
}
