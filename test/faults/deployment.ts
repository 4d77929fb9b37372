/** A deployment that has served before, with new isolates: R2 and KV are filled, the isolates' memory is empty. */
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { OPEN_ROWS_DUE } from "../../functions/state/vector-store/store-record.ts";
import { uploadFile } from "../files/support/upload-file.ts";
import { exampleBase64 } from "../support/example-pictures.ts";
import { type Answer, request } from "../support/send-request.ts";
import { startWorkers, type Workers } from "../support/workers.ts";
import { behindFaults, type FaultRule, FAULTS } from "./fault-worker.ts";

export interface FaultyDeployment extends Workers {
  /**
   * Sets which operations fail, or that they fail at random. @returns how often each fault occurred since the last call
   */
  fail(told: {
    rules?: FaultRule[];
    random?: { seed: number; probability: number };
  }): Promise<Record<string, number>>;
}

/** What an earlier deployment has left in storage. */
export interface Prepared {
  storage: string;
  image: string;
  /** Id of a stored set of `LABELS`. */
  set: string;
  /** Id of a file that is the picture. */
  file: string;
  /** Id of a vector store that has a segment. */
  store: string;
}

const ADDED_AT_ONCE = 8;

export const LABELS = ["fox", "bus", "harp"];

export async function startFaulty(storage?: string): Promise<FaultyDeployment> {
  const workers = await startWorkers({
    // This engine's Workers start in a tenth of the time. The faults and their handling are the same in both engines.
    engine: "simd",
    change: behindFaults,
    add: [FAULTS],
    ...(storage === undefined ? {} : { storage }),
  });
  const control = await workers.miniflare.unsafeGetDirectURL("faults");
  return {
    ...workers,
    fail: async (told) => {
      const response = await fetch(control, { method: "POST", body: JSON.stringify(told) });
      return ((await response.json()) as { struck: Record<string, number> }).struck;
    },
  };
}

/** Serves a few requests without faults, and keeps what they left in R2 and KV. */
export async function prepare(): Promise<Prepared> {
  const storage = await mkdtemp(join(tmpdir(), "edgeclip-faults-"));
  const image = await exampleBase64("fox.png");
  const workers = await startFaulty(storage);
  const created = await request("POST", `${workers.url}/v1/label_sets`, { labels: LABELS });
  const set = String(created.body.id);
  const bytes = new Uint8Array(Buffer.from(image, "base64"));
  const file = String((await uploadFile(workers.url, { bytes })).body.id);
  const store = await storeWithSegment(workers, file);
  await classify(workers, { image, labels: LABELS });
  await classify(workers, { image, label_set: set });
  // Waits for what is written after the response.
  await sleep(500);
  await workers.dispose();
  return { storage, image, set, file, store };
}

/** A store with the file and so many vectors that a segment is made of them. @returns its id */
async function storeWithSegment({ url, miniflare }: Workers, file: string): Promise<string> {
  const { body: model } = await request("GET", `${url}/v1/models/edgeclip-demo`);
  const { body: store } = await request("POST", `${url}/v1/vector_stores`, { name: "segmented" });
  const files = `${url}/v1/vector_stores/${store.id}/files`;
  await request("POST", files, { file_id: file });
  let next = 0;
  const addAll = async (): Promise<void> => {
    for (let number = next++; number < OPEN_ROWS_DUE; number = next++) {
      const embedding = Array.from({ length: model.embedding_width }, (_, i) => Math.sin(number * i + i));
      const { status, body } = await request("POST", files, { embedding });
      if (status !== 200) throw new Error(`${status}: ${JSON.stringify(body)}`);
    }
  };
  await Promise.all(Array.from({ length: ADDED_AT_ONCE }, addAll));
  const vectors = await miniflare.getR2Bucket("VECTORS", "faults");
  while ((await vectors.list({ prefix: "segments/" })).objects.length === 0) await sleep(100);
  return String(store.id);
}

/** Runs a deployment on a copy of what an earlier one left. */
export async function withCopy<T>(
  { storage }: Prepared,
  use: (workers: FaultyDeployment) => Promise<T>,
): Promise<T> {
  const copy = await mkdtemp(join(tmpdir(), "edgeclip-faults-"));
  await cp(storage, copy, { recursive: true });
  const workers = await startFaulty(copy);
  try {
    return await use(workers);
  } finally {
    await workers.dispose();
    await rm(copy, { recursive: true });
  }
}

async function classify({ url }: Workers, body: object): Promise<Answer> {
  const answer = await request("POST", `${url}/v1/classify`, { ...body });
  if (answer.status !== 200) throw new Error(`${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer;
}
