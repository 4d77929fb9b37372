/** What reading the model accepts, and how it refuses the rest: every way in which an object can be wrong. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type Manifest, manifestSchema } from "../../model-shards/manifest.ts";
import { ServiceError } from "../../functions/runtime/errors.ts";
import { leasedManifest } from "../../functions/runtime/model-store/leased-manifest.ts";
import { loadManifest } from "../../functions/runtime/model-store/load-manifest.ts";
import { configuredModel } from "../../functions/runtime/model-store/configured-model.ts";
import { type ObjectReader, readVerified } from "../../functions/runtime/model-store/read-verified.ts";
import { downloadParts } from "../../functions/runtime/model-store/download-parts.ts";
import { askShards, hasCache, type ShardsFetcher } from "../../functions/runtime/model-store/shards-cache.ts";
import { byteStream } from "../support/bytes.ts";

/** The one that is committed. */
const DEMO_MODEL = join(import.meta.dirname, "../../model-shards/edgeclip-demo");
const CONTENT = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7919) >> 3);
const EXPECTED = { bytes: CONTENT.length, sha256: createHash("sha256").update(CONTENT).digest("hex") };

interface Stored {
  body: Uint8Array;
  size?: number;
  breaks?: boolean;
}

function streamOf({ body, breaks = false }: Stored): ReadableStream<Uint8Array> {
  return byteStream(body, 70_000, { breaks });
}

/** A bucket with one object, or none. */
function bucketOf(stored: Stored | null | Error): ObjectReader & { asked: unknown[] } {
  const asked: unknown[] = [];
  return {
    asked,
    get: async (key, options) => {
      asked.push([key, options]);
      if (stored instanceof Error) throw stored;
      if (stored === null) return null;
      const { offset = 0, length = stored.body.length } = options?.range ?? {};
      const body = stored.body.subarray(offset, offset + length);
      return { size: stored.size ?? stored.body.length, body: streamOf({ ...stored, body }) };
    },
  };
}

const changed = Uint8Array.from(CONTENT);
changed[299_999] = (changed[299_999] ?? 0) ^ 1;

const WRONG: [what: string, stored: Stored | null | Error, message: string][] = [
  ["is missing", null, "model file a/b: it is missing"],
  ["cannot be read", new Error("down"), "model file a/b: reading it failed"],
  [
    "is shorter",
    { body: CONTENT.subarray(1) },
    "model file a/b: it has 299999 bytes, the manifest says 300000",
  ],
  [
    "ends early",
    { body: CONTENT.subarray(0, 100_000), size: 300_000 },
    "model file a/b: it ended after 100000 of 300000 bytes",
  ],
  [
    "breaks off",
    { body: CONTENT.subarray(0, 100_000), size: 300_000, breaks: true },
    "model file a/b: reading it failed",
  ],
  ["has a bit changed", { body: changed }, "model file a/b: its SHA-256 is not the manifest's"],
];

async function refusal(work: Promise<unknown>): Promise<[code: string, message: string]> {
  const error: unknown = await work.catch((thrown: unknown) => thrown);
  if (!(error instanceof ServiceError)) throw new Error("it was not refused", { cause: error });
  return [error.code, error.message];
}

describe("readVerified", () => {
  it("gives the object, with signs of life", async () => {
    let pieces = 0;
    const bytes = await readVerified(bucketOf({ body: CONTENT }), "a/b", EXPECTED, () => pieces++);
    expect(bytes).toEqual(CONTENT);
    expect(pieces).toBeGreaterThan(3);
  });

  it.each([
    ["from its start", 0],
    ["from the middle", 123_457],
  ])("gives a range of it, %s", async (_, offset) => {
    const range = CONTENT.subarray(offset, offset + 1000);
    const sha256 = createHash("sha256").update(range).digest("hex");
    const bucket = bucketOf({ body: CONTENT });
    expect(await readVerified(bucket, "a/b", { bytes: 1000, sha256, offset })).toEqual(
      Uint8Array.from(range),
    );
    expect(bucket.asked).toEqual([["a/b", { range: { offset, length: 1000 } }]]);
  });

  it("asks for no range unless one is wanted", async () => {
    const bucket = bucketOf({ body: CONTENT });
    await readVerified(bucket, "a/b", EXPECTED);
    expect(bucket.asked).toEqual([["a/b", {}]]);
  });

  it.each(WRONG)("refuses an object that %s", async (_, stored, message) => {
    expect(await refusal(readVerified(bucketOf(stored), "a/b", EXPECTED))).toEqual([
      "model_unavailable",
      message,
    ]);
  });

  it("keeps the reason for the log", async () => {
    await expect(readVerified(bucketOf(new Error("down")), "a/b", EXPECTED)).rejects.toMatchObject({
      cause: { message: "down" },
    });
  });
});

/** Downloads what is stored into a target. @returns the signs of life */
const read = async (stored: Stored | null | Error, target = new Uint8Array(300_000)): Promise<number> => {
  let pieces = 0;
  const source = { bucket: bucketOf(stored), prefix: "a" };
  const parts = [{ file: "b", ...EXPECTED }];
  const place = async (): Promise<() => Uint8Array<ArrayBuffer>> => () => target;
  for await (const _ of downloadParts(source, { parts, place, onProgress: () => pieces++ }));
  return pieces;
};

describe("downloadParts", () => {
  it("fills the target, with signs of life", async () => {
    const target = new Uint8Array(300_000);
    expect(await read({ body: CONTENT }, target)).toBeGreaterThan(2);
    expect(target).toEqual(CONTENT);
  });

  it.each(WRONG)("refuses an object that %s", async (_, stored, message) => {
    expect(await refusal(read(stored))).toEqual(["model_unavailable", message]);
  });

  it("gives parts in order, files in pieces beside each other and ranges by themselves", async () => {
    const body = Uint8Array.from({ length: 9_000_000 }, (_, i) => (i * 7919) >> 5);
    const hash = (from: number, to: number): string =>
      createHash("sha256").update(body.subarray(from, to)).digest("hex");
    const parts = [
      { file: "b", offset: 5000, bytes: 300_000, sha256: hash(5000, 305_000) },
      { file: "b", bytes: body.length, sha256: hash(0, body.length) },
    ];
    const places = parts.map(({ bytes }) => new Uint8Array(bytes));
    const bucket = bucketOf({ body });
    const download = {
      parts,
      place: async (index: number) => () => places[index] as Uint8Array<ArrayBuffer>,
      onProgress: () => {},
    };
    const order = await Array.fromAsync(downloadParts({ bucket, prefix: "a" }, download));
    expect(order).toEqual([0, 1]);
    expect(Buffer.compare(places[0] ?? body, body.subarray(5000, 305_000))).toBe(0);
    expect(Buffer.compare(places[1] ?? body.subarray(1), body)).toBe(0);
    expect(bucket.asked).toHaveLength(4);
  });

  it("ends when a sign of life says so, and when nobody asks on", async () => {
    const source = { bucket: bucketOf({ body: CONTENT }), prefix: "a" };
    const target = new Uint8Array(300_000);
    const parts = [
      { file: "b", ...EXPECTED },
      { file: "b", ...EXPECTED },
    ];
    const place = async (index: number) =>
      index === 0 ? () => target : await Promise.withResolvers<never>().promise;
    const stopped = Array.fromAsync(
      downloadParts(source, {
        parts,
        place,
        onProgress: () => {
          throw new Error("taken over");
        },
      }),
    );
    await expect(stopped).rejects.toThrow("taken over");
    for await (const index of downloadParts(source, { parts, place, onProgress: () => {} })) {
      expect(index).toBe(0);
      break;
    }
  });
});

const stored = async (change: (manifest: Manifest) => unknown = (same) => same): Promise<Stored> => {
  const text = await readFile(join(DEMO_MODEL, "manifest.json"), "utf8");
  const manifest = manifestSchema.parse(JSON.parse(text));
  return { body: new TextEncoder().encode(JSON.stringify(change(manifest))) };
};
const reference = async (): Promise<string> => {
  const { alias, revision } = manifestSchema.parse(
    JSON.parse(await readFile(join(DEMO_MODEL, "manifest.json"), "utf8")),
  );
  return `${alias}@${revision}`;
};

describe("loadManifest", () => {
  it("reads the one that hashes to the revision, from its place", async () => {
    const bucket = bucketOf(await stored());
    const model = await reference();
    const { manifest } = await loadManifest({ MODELS: bucket }, model);
    expect(`${manifest.alias}@${manifest.revision}`).toBe(model);
    expect(bucket.asked).toEqual([[`${model.replace("@", "/")}/manifest.json`, undefined]]);
  });

  it.each<[string, (manifest: Manifest) => unknown, string]>([
    [
      "another content",
      (manifest) => ({ ...manifest, logit_scale: manifest.logit_scale + 1 }),
      "of another revision",
    ],
    [
      "another revision",
      (manifest) => ({ ...manifest, revision: "0123456789abcdef" }),
      "of another revision",
    ],
    ["another shape", (manifest) => ({ ...manifest, image: 7 }), "of another version or damaged"],
  ])("refuses %s", async (_, change, why) => {
    const model = await reference();
    expect(await refusal(loadManifest({ MODELS: bucketOf(await stored(change)) }, model))).toEqual([
      "model_unavailable",
      `model ${model}: its manifest is ${why}`,
    ]);
  });

  it.each([
    ["missing", null],
    ["unreadable", new Error("down")],
    ["no JSON", { body: new TextEncoder().encode("{") }],
  ])("refuses one that is %s", async (_, object) => {
    const model = await reference();
    expect(await refusal(loadManifest({ MODELS: bucketOf(object) }, model))).toEqual([
      "model_unavailable",
      `model ${model}: its manifest cannot be read`,
    ]);
  });

  it("says that there is none where there is none", async () => {
    await expect(loadManifest({ MODELS: bucketOf(null) }, await reference())).rejects.toMatchObject({
      cause: { message: "no such object" },
    });
  });
});

describe("leasedManifest", () => {
  it("reads a model's manifest once, also after it could not be read", async () => {
    const model = await reference();
    const kept: Promise<unknown>[] = [];
    const get = (bucket: ObjectReader): Promise<unknown> =>
      leasedManifest({ MODELS: bucket }, model, (work) => kept.push(work));
    await expect(get(bucketOf(null))).rejects.toThrow(`model ${model}: its manifest cannot be read`);
    const bucket = bucketOf(await stored());
    const first = await get(bucket);
    expect(first).toMatchObject({ manifest: { alias: "edgeclip-demo" } });
    expect(await get(bucketOf(null))).toBe(first);
    expect(bucket.asked).toHaveLength(1);
    expect(kept).toHaveLength(2);
    // Another model has its own.
    const other = leasedManifest({ MODELS: bucket }, "other@0123456789abcdef", () => {});
    await expect(other).rejects.toThrow("model other@0123456789abcdef");
  });
});

/** A shards Worker behind a cache, whose answers are damaged. */
function damagedCache(bytes: Uint8Array): ShardsFetcher & { forgotten: string[] } {
  const forgotten: string[] = [];
  return {
    forgotten,
    fetch: async () => {
      const response = new Response(streamOf({ body: bytes }));
      response.headers.set("cf-cache-status", "HIT");
      return response;
    },
    forget: async (prefix) => {
      forgotten.push(prefix);
    },
  };
}

describe("a cache that gives damaged bytes", () => {
  it("of the manifest forgets them if R2's are right, once a minute", async () => {
    const model = await reference();
    const shards = damagedCache(new TextEncoder().encode("{}"));
    const wrong = bucketOf(await stored((manifest) => ({ ...manifest, logit_scale: 1 })));
    await expect(loadManifest({ MODELS: wrong, SHARDS: shards }, model)).rejects.toThrow("another revision");
    expect(shards.forgotten).toEqual([]);
    const right = bucketOf(await stored());
    for (let i = 0; i < 3; i++) await loadManifest({ MODELS: right, SHARDS: shards }, model);
    expect(shards.forgotten).toEqual([model.replace("@", "/")]);
  });

  it("of shards forgets them if R2's are right, once a minute", async () => {
    const shards = damagedCache(changed);
    const target = new Uint8Array(300_000);
    const place = async (): Promise<() => Uint8Array<ArrayBuffer>> => () => target;
    const download = async (body: Uint8Array): Promise<void> => {
      const source = { bucket: bucketOf({ body }), prefix: "a", shards };
      const parts = [{ file: "b", ...EXPECTED }];
      for await (const _ of downloadParts(source, { parts, place, onProgress: () => {} }));
    };
    // The cache is known from an answer with its header, and one answer without it does not change that.
    await askShards(shards, "/x").then(({ body }) => body.cancel());
    await askShards({ ...shards, fetch: async () => new Response("x") }, "/x").then(({ body }) =>
      body.cancel(),
    );
    expect(hasCache()).toBe(true);
    await expect(download(changed)).rejects.toThrow("its SHA-256");
    expect(shards.forgotten).toEqual([]);
    for (let i = 0; i < 3; i++) await download(CONTENT);
    expect(target).toEqual(CONTENT);
    expect(shards.forgotten).toEqual(["a"]);
  });

  it("too late is told that nobody reads on", async () => {
    const { promise: canceled, resolve } = Promise.withResolvers<boolean>();
    const late: ShardsFetcher = {
      fetch: async () => {
        await sleep(3_300);
        return new Response(new ReadableStream({ cancel: () => resolve(true) }));
      },
      forget: async () => {},
    };
    await expect(askShards(late, "/x")).rejects.toThrow("no answer");
    expect(await canceled).toBe(true);
  });
});

describe("configuredModel", () => {
  it("takes <alias>@<revision>", () => {
    expect(configuredModel("base_w-1.5@0123456789abcdef")).toEqual({
      alias: "base_w-1.5",
      revision: "0123456789abcdef",
      prefix: "base_w-1.5/0123456789abcdef",
    });
  });

  it.each([
    undefined,
    "",
    "demo",
    "@0123456789abcdef",
    "demo@0123456789abcde",
    "demo@0123456789abcdef0",
    "demo@0123456789ABCDEF",
    "Demo@0123456789abcdef",
    "-demo@0123456789abcdef",
    "de/mo@0123456789abcdef",
    " demo@0123456789abcdef",
    "demo@0123456789abcdef ",
  ])("refuses %s", async (model) => {
    expect(await refusal((async () => configuredModel(model))())).toEqual([
      "not_configured",
      "the variable MODEL must be <alias>@<revision>",
    ]);
  });
});
