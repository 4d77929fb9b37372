/**
 * The shards Worker, alone and behind a stand-in for the data center's cache: what it answers, that isolates which
 * start together read R2 once, and that whatever the cache does wrongly costs time but not the answer.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readManifest } from "../../scripts/models/read-manifest.ts";
import { type DataCenter, dataCenter } from "../support/data-center.ts";
import type { CacheFault } from "../support/workers-cache.ts";
import { DEMO_MODEL } from "../support/workers.ts";

describe("without a cache on the platform", () => {
  let center: DataCenter;
  beforeAll(async () => {
    center = await dataCenter(1, false);
  });
  afterAll(() => center.workers.dispose());

  it("answers whole files and slices, which may be kept for ever", async () => {
    const { prefix } = center.workers;
    const manifest = await center.shards(`/${prefix}/manifest.json`);
    expect(manifest.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(await manifest.json()).toEqual(await readManifest(DEMO_MODEL));
    const slices = "image-00.data:1000:500000,image-00.onnx:0:1000,image-00.data:2000000:1048576";
    const answer = await center.shards(`/${prefix}?slices=${slices}`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(answer.headers.get("content-length")).toBe(String(500_000 + 1000 + 1_048_576));
    const [data, graph] = await Promise.all(
      ["image-00.data", "image-00.onnx"].map((file) => readFile(join(DEMO_MODEL, file))),
    );
    const expected = Buffer.concat([
      data?.subarray(1000, 501_000) ?? Buffer.alloc(0),
      graph?.subarray(0, 1000) ?? Buffer.alloc(0),
      data?.subarray(2_000_000, 3_048_576) ?? Buffer.alloc(0),
    ]);
    expect(Buffer.from(await answer.arrayBuffer()).equals(expected)).toBe(true);
  });

  it.each([
    ["a file that is not there", "GET", "?slices=image-99.data:0:10", 404],
    ["more than a file has", "GET", "?slices=image-00.onnx:0:1048576", 404],
    ["no slice", "GET", "", 400],
    ["a slice that is too long", "GET", "?slices=image-00.data:0:1048577", 400],
    ["an empty slice", "GET", "?slices=image-00.data:0:0", 400],
    [
      "too many slices",
      "GET",
      `?slices=${Array.from({ length: 257 }, () => "image-00.data:0:1").join(",")}`,
      400,
    ],
    ["a file of another folder", "GET", "?slices=../x:0:1", 400],
    ["another file than the manifest whole", "GET", "/image-00.onnx", 400],
    ["a write", "PUT", "?slices=image-00.data:0:10", 405],
  ])("refuses %s, which nobody keeps", async (_, method, rest, status) => {
    const response = await center.shards(`/${center.workers.prefix}${rest}`, method);
    expect(response.status).toBe(status);
    expect(response.headers.get("cache-control")).toBe("no-store");
    await response.text();
  });

  it("is asked for the manifest alone: the rest comes from R2 directly", async () => {
    await center.reads();
    await Promise.all([center.ask("vision", 0), center.ask("text", 0)]);
    const reads = await center.reads();
    expect(reads.filter((file) => file === "image-00.data")).toHaveLength(1);
    expect(reads.filter((file) => file === "manifest.json")).toHaveLength(2);
  });
});

describe("ten isolates of a data center that start at once", () => {
  it("read R2 once, ask the cache four times each, and answer rightly", async () => {
    const copies = 10;
    const center = await dataCenter(copies, true);
    try {
      const numbers = [...Array(copies).keys()];
      const answers = await Promise.all([
        ...numbers.map((copy) => center.ask("vision", copy)),
        ...numbers.map((copy) => center.ask("text", copy)),
      ]);
      const reads = await center.reads();
      const manifest = await readManifest(DEMO_MODEL);
      for (const { graph, weights } of [...manifest.image.shards, ...manifest.text.shards]) {
        for (const { file, bytes } of [graph, weights]) {
          expect(reads.filter((read) => read === file)).toHaveLength(Math.ceil(bytes / 1_048_576));
        }
      }
      expect(reads.filter((read) => read === "manifest.json")).toHaveLength(1);
      const asked = await center.cache();
      const shardsAsked = asked.filter(({ path }) => !path.includes("token-embedding"));
      expect(shardsAsked.length).toBeLessThanOrEqual(2 * copies * 4);
      // What a tower gives that has seen no cache.
      const alone = await dataCenter(1, false);
      try {
        const [image, text] = [await alone.ask("vision", 0), await alone.ask("text", 0)];
        for (const answer of answers.slice(0, copies)) expect(answer).toEqual(image);
        for (const answer of answers.slice(copies)) expect(answer).toEqual(text);
      } finally {
        await alone.workers.dispose();
      }
    } finally {
      await center.workers.dispose();
    }
  });
});

const FAULTS: [fault: CacheFault, match: string][] = [
  ["wrong-bytes", "image-00"],
  ["half", "image-00"],
  ["broken", "image-00"],
  ["missing", "image-00"],
  ["silence", "image-00"],
  ["silent-body", "image-00"],
  ["missing", "manifest.json"],
  ["half", "manifest.json"],
  ["wrong-bytes", "manifest.json"],
  ["silence", "manifest.json"],
];

describe("a cache that is at fault", () => {
  let center: DataCenter;
  let right: Float32Array;
  beforeAll(async () => {
    center = await dataCenter(FAULTS.length + 2, true);
    right = await center.ask("vision", FAULTS.length);
    await center.ask("text", FAULTS.length);
  });
  afterAll(() => center.workers.dispose());

  it.each(FAULTS.map(([fault, match], copy) => [fault, match, copy] as const))(
    "%s of %s costs a read of R2, not the answer",
    async (fault, match, copy) => {
      await center.cache({ fault, match });
      await center.reads();
      const logged = center.workers.logs.length;
      expect(await center.ask("vision", copy)).toEqual(right);
      expect((await center.reads()).some((file) => file.includes(match))).toBe(true);
      const log = center.workers.logs.slice(logged).join("\n");
      expect(log).toContain("missing or damaged in the data center's cache, read from R2");
      expect(log).toContain(match);
    },
  );

  it.each([
    ["damaged bytes", "damage"],
    ["an answer that is cut short", "cut"],
  ])("that keeps %s forgets them once they were found", async (_, change) => {
    // Isolates of their own: each has a revision removed at most once a minute.
    const own = await dataCenter(3, true);
    try {
      expect(await own.ask("vision", 0)).toEqual(right);
      await own.cache({ [change]: "image-00" });
      expect(await own.ask("vision", 1)).toEqual(right);
      // Logs come through a pipe of their own.
      await sleep(500);
      const logged = own.workers.logs.length;
      expect(own.workers.logs.join()).toContain("warning");
      await own.reads();
      expect(await own.ask("vision", 2)).toEqual(right);
      expect(await own.reads()).toContain("image-00.data");
      expect(own.workers.logs.slice(logged).join()).not.toContain("warning");
    } finally {
      await own.workers.dispose();
    }
  });

  it("keeps an answer that ended early once, on its way", async () => {
    const own = await dataCenter(3, true);
    try {
      expect(await own.ask("vision", 0)).toEqual(right);
      await own.cache({ fault: "half", match: "image-00", times: 1 });
      await own.reads();
      expect(await own.ask("vision", 1)).toEqual(right);
      expect(await own.reads()).toContain("image-00.data");
      expect(await own.ask("vision", 2)).toEqual(right);
      expect(await own.reads()).toEqual([]);
    } finally {
      await own.workers.dispose();
    }
  });

  it("of token rows and the text tower", async () => {
    await center.cache({ fault: "wrong-bytes", match: "slices" });
    const text = await center.ask("text", FAULTS.length + 1);
    expect(text).toEqual(await center.ask("text", FAULTS.length));
    expect(center.workers.logs.join("\n")).toContain("token-embedding.data: its SHA-256");
  });
});
