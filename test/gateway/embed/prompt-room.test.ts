/**
 * Room that prompts of labels take beside bodies: none if they are few, and no longer than until their matrix is made.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "hono";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Manifest } from "../../../model-shards/manifest.ts";
import type { Share } from "../../../functions/gateway/body/body-share.ts";
import {
  BODY_ROOM,
  BytesInFlight,
  MAX_BODY_MEMORY,
} from "../../../functions/gateway/body/bytes-in-flight.ts";
import { embedPrompts } from "../../../functions/gateway/embed/embed-prompts.ts";
import type { EmbedContext } from "../../../functions/gateway/embed/embed-context.ts";
import { inlineLabels } from "../../../functions/gateway/label-sets/inline-labels.ts";
import { matrixMemory } from "../../../functions/gateway/label-sets/matrix-memory.ts";
import type { GatewayEnv } from "../../../functions/gateway/middleware/gateway-env.ts";
import { embedContext, holdVectors } from "../../../functions/gateway/routes/request/embedding-context.ts";
import { MAX_INPUTS } from "../../../functions/gateway/limits.ts";
import { OPENAI_80 as TEMPLATES } from "../../../functions/gateway/templates/openai.ts";
import { Timings } from "../../../functions/gateway/timings.ts";
import type { LabelSetDefinition } from "../../../functions/label-sets/definition.ts";
import { provideScheduler } from "../../../scripts/towers/provide-scheduler.ts";

vi.mock("../../../functions/gateway/embed/embed-prompts.ts", () => ({
  embedPrompts: vi.fn<typeof embedPrompts>(),
}));
vi.mock("../../../functions/gateway/models/served-models.ts", () => ({ towersOf: () => ({}) }));

const WIDTH = 4;
const SMALL_BODY = 10_000;

let room: BytesInFlight;
let mine: Share;
let opened: Share[] = [];
/** Room and matrices in memory, when the prompts are embedded. */
let embedding: { held: number; matrices: number }[] = [];

provideScheduler();

beforeEach(async () => {
  embedding = [];
  room = new BytesInFlight(BODY_ROOM, BODY_ROOM.large - MAX_BODY_MEMORY);
  mine = await open(SMALL_BODY);
  vi.mocked(embedPrompts).mockImplementation(async (items) => {
    embedding.push({ held: mine.held, matrices: matrixMemory.bytes });
    await sleep(1);
    const embeddings = [...items].map(() => ({
      embedding: new Float32Array(WIDTH),
      tokens: 1,
      truncated: false,
    }));
    return { embeddings, tokens: embeddings.length, cachedTokens: 0 };
  });
});

afterEach(() => {
  for (const share of opened) share.release();
  opened = [];
});

async function open(bytes: number): Promise<Share> {
  const share = room.open(bytes);
  opened.push(share);
  await share.growTo(bytes);
  share.complete(bytes);
  return share;
}

/** Context of a request with a small body, whose caches are empty. */
function context(): EmbedContext {
  const values: Record<string, unknown> = { share: mine, timings: new Timings(), requestId: "r" };
  const c = {
    env: { CACHE: { get: async () => null, put: async () => {} } },
    get: (name: string) => values[name],
    req: { header: () => undefined, raw: { signal: { aborted: false } } },
    executionCtx: { waitUntil: (work: Promise<unknown>) => void work },
  };
  const manifest = { revision: "r", embedding_width: WIDTH } as Manifest;
  return embedContext(c as unknown as Context<GatewayEnv>, manifest);
}

function definitionOf(count: number, label: string, templates: readonly string[]): LabelSetDefinition {
  const labels = Array.from({ length: count }, (_, i) => ({ label: `${label} ${i}` }));
  return { labels, templates, negative: [], min_similarity: null };
}

async function fillLargeLane(): Promise<Share[]> {
  return [await open(MAX_BODY_MEMORY), await open(BODY_ROOM.large - MAX_BODY_MEMORY)];
}

it.each([13, 100])("%d labels in eighty templates do not wait for large bodies", async (count) => {
  await fillLargeLane();
  const definition = definitionOf(count, "label", TEMPLATES);
  const answered = inlineLabels(definition, context()).then(() => true);
  answered.catch(() => {});
  expect(await Promise.race([answered, sleep(1_000, false)])).toBe(true);
  expect(embedding).toEqual([{ held: SMALL_BODY, matrices: 0 }]);
});

it("many long prompts hold room until their matrix is made", async () => {
  const used = await inlineLabels(definitionOf(400, "many", TEMPLATES), context());
  expect(embedding).toHaveLength(1);
  expect(embedding[0]?.held).toBeGreaterThan(3_000_000);
  expect(mine.held).toBe(SMALL_BODY);
  expect(mine.atLast).toBe(SMALL_BODY);
  used.release?.();
});

it("waits for room for prompts without holding room for a matrix, and takes none for a matrix in memory", async () => {
  const bodies = await fillLargeLane();
  const before = matrixMemory.bytes;
  const definition = definitionOf(400, "waits", TEMPLATES);
  const first = inlineLabels(definition, context());
  first.catch(() => {});
  await sleep(200);
  expect(embedding).toEqual([]);
  expect(mine.isWaiting).toBe(true);
  expect(matrixMemory.bytes).toBe(before);
  for (const body of bodies) body.release();
  (await first).release?.();
  await fillLargeLane();
  (await inlineLabels(definition, context())).release?.();
  expect(embedding).toHaveLength(1);
});

it("has room for the vectors of as many texts as a request may have, beside the longest body", async () => {
  // 2,048 texts of 7.6 kB.
  const share = await open(31_300_000);
  const texts = Array.from({ length: MAX_INPUTS }, () => ({ text: "" }));
  const c = { get: () => share } as unknown as Context<GatewayEnv>;
  await holdVectors(c, { embedding_width: 640 } as Manifest, texts);
  expect(share.held).toBeGreaterThan(34_000_000);
});
