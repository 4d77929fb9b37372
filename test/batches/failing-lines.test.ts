/**
 * Lines that end an isolate, each time and with whatever is computed there: every other line is answered, and each of
 * these gets an error of its own.
 */
import type { V4WorkerOptions } from "miniflare";
import OpenAI from "openai";
import { describe, expect, it } from "vitest";
import { startWorkers, type Workers } from "../support/workers.ts";
import { wrapped } from "../support/wrapped-worker.ts";
import { noiseBmp, solidBmp } from "../support/write-bmp.ts";
import { createBatch, ended, lineOf, linesOf } from "./support/run-batch.ts";

const ENDPOINT = "/v1/embeddings";
const PATIENCE_MS = 400_000;
/** So many that 6 lines are a part. */
const PICTURES_A_LINE = 5;
const RED = [255, 0, 0] as const;

/** An image tower whose isolate ends when it is to compute a picture that is red all over. */
const MORTAL_TOWER = `
import Deployed from "MAIN";

export default class Mortal extends Deployed {
  async embedPixels(pixels, count, ...more) {
    const bytes = await new Response(pixels).bytes();
    const each = bytes.length / count;
    for (let at = 0; at < bytes.length; at += each) {
      const picture = bytes.subarray(at, at + each);
      if (picture.every((value, index) => (index % 3 === 0 ? value > 250 : value < 5))) {
        this.ctx.abort(new Error("the isolate is gone"));
        await scheduler.wait(10_000);
      }
    }
    return await super.embedPixels(new Blob([bytes]).stream(), count, ...more);
  }
}`;

/** A gateway whose isolate ends when it reads a line with this word. */
const MORTAL_GATEWAY = `
import gateway, { Lines as Deployed, Towers } from "MAIN";

export { Towers };

export class Lines extends Deployed {
  async answerLines(request, lines, ...more) {
    const bytes = await new Response(lines).bytes();
    const texts = new TextDecoder().decode(bytes).split("\\n");
    if (texts.some((text, index) => text.includes("deadly") && (request.left?.includes(index) ?? true))) {
      this.ctx.abort(new Error("the isolate is gone"));
      await scheduler.wait(10_000);
    }
    return await super.answerLines(request, new Blob([bytes]).stream(), ...more);
  }
}

export default gateway;`;

/**
 * @param mortal name of a Worker, and what wraps it
 * @returns custom ids of the output, and those of the error file with their codes
 */
async function run(
  [mortal, wrapper]: readonly [string, string],
  inputs: readonly unknown[],
): Promise<{ answered: string[]; refused: string[] }> {
  const workers = await startWorkers({
    engine: "simd",
    change: (name, options): V4WorkerOptions => (name === mortal ? wrapped(options, wrapper) : options),
  });
  try {
    return await answersOf(workers, inputs);
  } finally {
    await workers.dispose();
  }
}

async function answersOf(
  workers: Workers,
  inputs: readonly unknown[],
): Promise<{ answered: string[]; refused: string[] }> {
  const client = new OpenAI({ baseURL: `${workers.url}/v1`, apiKey: "none", maxRetries: 10 });
  const lines = inputs.map((input, index) => lineOf(ENDPOINT, `${index}`, { input }));
  const batch = await ended(client, await createBatch(client, ENDPOINT, lines), PATIENCE_MS);
  expect(batch).toMatchObject({ status: "completed", errors: null });
  const output = await linesOf(client, batch.output_file_id);
  const errors = await linesOf(client, batch.error_file_id);
  expect(batch.request_counts).toEqual({
    total: inputs.length,
    completed: output.length,
    failed: errors.length,
  });
  return {
    answered: output.map(({ custom_id }) => custom_id).toSorted(),
    refused: errors.map(({ custom_id, error }) => `${custom_id} ${error?.code}`).toSorted(),
  };
}

const many = (name: string): string[] => Array.from({ length: 250 }, (_, at) => `${name} ${at}`);
const uri = (bmp: Uint8Array): { image: string } => ({
  image: `data:image/bmp;base64,${Buffer.from(bmp).toString("base64")}`,
});

// At the same time, because most of it is waiting: what fails is tried again after pauses.
describe.concurrent("a line that ends an isolate", { timeout: 450_000 }, () => {
  it("the image tower's, by a picture: it is given up, and the others are answered", async () => {
    let made = 0;
    const line = (): object[] => Array.from({ length: PICTURES_A_LINE }, () => uri(noiseBmp(8, 8, made++)));
    const inputs = Array.from({ length: 8 }, line);
    inputs[3]?.splice(2, 1, uri(solidBmp(8, 8, RED)));
    expect(await run(["edgeclip-vision", MORTAL_TOWER], inputs)).toEqual({
      answered: ["0", "1", "2", "4", "5", "6", "7"],
      refused: ["3 server_error"],
    });
  });

  it("the gateway's: it is given up, and the others are answered", async () => {
    expect(await run(["edgeclip", MORTAL_GATEWAY], [many("a"), many("b"), "deadly", many("c"), "d"])).toEqual(
      {
        answered: ["0", "1", "3", "4"],
        refused: ["2 server_error"],
      },
    );
  });
});
