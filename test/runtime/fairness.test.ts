/** Large requests do not block small requests or the whole Worker, and stop when their client leaves. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { buildSynthetic } from "../support/models/synthetic-model.ts";
import { eventually } from "../support/eventually.ts";
import { IMPATIENT, leaveUpon } from "../support/faulty/impatient.ts";
import { post } from "../support/post.ts";
import { startWorkers, type Workers } from "../support/workers.ts";
import { noiseBmp } from "../support/write-bmp.ts";

/** Most texts of a request. */
const MAX_TEXTS = 2048;
const TEXTS = 1000;
/** Texts of a step: 256 positions of the demonstration model, 12 a text. */
const TEXTS_PER_STEP = 21;

let made = 0;
/** Texts of 12 tokens each, start and end included. */
const newTexts = (count: number): string[] =>
  Array.from(
    { length: count },
    () =>
      `a photo of the thing ${String(10_000 + made++)
        .split("")
        .join(" ")}`,
  );

async function runs(workers: Workers): Promise<{ text: number; vision: number[] }> {
  const { text, vision } = (await (await workers.probe("/stats", new Uint8Array())).json()) as {
    text: { runs: number };
    vision: { runs: number }[];
  };
  return { text: text.runs, vision: vision.map((stage) => stage.runs) };
}

const until = async (condition: () => Promise<boolean>): Promise<void> =>
  await eventually(condition, { pollMs: 10 });

/** Records the names of requests in the order in which they are answered. */
function orderOf(): { answered: string[]; note: (name: string, answer: Promise<unknown>) => Promise<void> } {
  const answered: string[] = [];
  return {
    answered,
    note: async (name, answer) => {
      await answer;
      answered.push(name);
    },
  };
}

describe("the text tower", () => {
  let workers: Workers;
  let embed: (input: string[]) => Promise<unknown>;

  beforeAll(async () => {
    workers = await startWorkers({ add: [IMPATIENT] });
    embed = async (input) => {
      const { status, body } = await post(`${workers.url}/v1/embeddings`, {
        input,
        encoding_format: "base64",
      });
      if (status !== 200 || body.data.length !== input.length) throw new Error(`status ${status}`);
    };
    await embed(newTexts(1));
  });

  afterAll(async () => {
    await workers.dispose();
  });

  it("answers others in the middle of a large request", async () => {
    const before = (await runs(workers)).text;
    const { answered, note } = orderOf();
    const large = note("large", embed(newTexts(TEXTS)));
    await until(async () => (await runs(workers)).text > before);
    await note("health", fetch(`${workers.url}/healthz`));
    await note("small", embed(newTexts(1)));
    expect((await runs(workers)).text - before).toBeLessThan(TEXTS);
    await large;
    expect(answered).toEqual(["health", "small", "large"]);
  });

  it("takes turns with several large requests", async () => {
    const before = (await runs(workers)).text;
    const { answered, note } = orderOf();
    const all = [note("large", embed(newTexts(TEXTS))), note("large", embed(newTexts(TEXTS)))];
    await until(async () => (await runs(workers)).text > before);
    all.push(note("middle", embed(newTexts(200))), note("small", embed(newTexts(1))));
    await Promise.all(all);
    expect(answered).toEqual(["small", "middle", "large", "large"]);
  });

  it("computes at most one more step for a client that has left", async () => {
    const before = (await runs(workers)).text;
    const input = newTexts(MAX_TEXTS);
    const begun = until(async () => (await runs(workers)).text > before);
    const body = { input, encoding_format: "base64" };
    expect(await leaveUpon(workers, "/v1/embeddings", body, begun)).toBe(499);
    const whenLeft = (await runs(workers)).text;
    await embed(newTexts(1));
    await sleep(1000);
    const after = (await runs(workers)).text;
    expect(whenLeft - before).toBeGreaterThan(0);
    // One step was being computed.
    expect(after - whenLeft - 1).toBeLessThanOrEqual(2 * TEXTS_PER_STEP);
    expect(after - before).toBeLessThan(MAX_TEXTS);
  });
});

describe("the image tower", () => {
  it.each([1, 2])(
    "in %i stages answers a small request before the large ones that came first",
    async (stages) => {
      const folder = await mkdtemp(join(tmpdir(), "edgeclip-"));
      onTestFinished(() => rm(folder, { recursive: true }));
      const model = (await buildSynthetic("mini", folder, { shardBytes: 150_000 })).out;
      const workers = await startWorkers({ model, stages });
      onTestFinished(() => workers.dispose());
      let seed = 0;
      const embed = async (count: number): Promise<void> => {
        const input = Array.from({ length: count }, () => ({
          image: Buffer.from(noiseBmp(64, 64, ++seed)).toString("base64"),
        }));
        const { status, body } = await post(`${workers.url}/v1/embeddings`, { input });
        expect(status).toBe(200);
        expect(body.data).toHaveLength(count);
      };
      await embed(1);
      const before = (await runs(workers)).vision[0] ?? 0;
      const { answered, note } = orderOf();
      const all = Array.from({ length: 8 }, () => note("large", embed(16)));
      await until(async () => ((await runs(workers)).vision[0] ?? 0) > before);
      await note("small", embed(1));
      // Requests that were almost done when the small one came may be answered first.
      expect(answered.indexOf("small")).toBeLessThanOrEqual(2);
      await Promise.all(all);
      expect((await runs(workers)).vision).toEqual(Array.from({ length: stages }, () => before + 8 * 16 + 1));
    },
  );
});
