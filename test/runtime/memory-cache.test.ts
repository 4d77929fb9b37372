/** The cache of text embeddings in the isolate's memory is bounded, and keeps what is used. */
import { describe, expect, it } from "vitest";
import { LruCache, MemoryCache } from "../../functions/runtime/memory-cache.ts";

const newCache = (): MemoryCache<Float32Array> => new MemoryCache(16_000_000, ({ byteLength }) => byteLength);

/** 4 MB each: four of them exceed the cache's 16 MB, keys and entries included. */
const QUARTER = 1_000_000;
const value = (first: number): Float32Array => new Float32Array(QUARTER).fill(first, 0, 1);
const held = (cache: MemoryCache<Float32Array>, keys: string[]): string[] =>
  keys.filter((key) => cache.get(key));

const longKey = (i: number): string => `${"x".repeat(500)}${i}`;

describe("MemoryCache", () => {
  it("gives back what it was given, the newest under a key", () => {
    const cache = newCache();
    cache.set("a", value(1));
    cache.set("a", value(2));
    expect(cache.get("a")?.[0]).toBe(2);
    expect(cache.get("b")).toBeUndefined();
  });

  it("lets go of what was used longest ago", () => {
    const cache = newCache();
    for (const key of ["a", "b", "c"]) cache.set(key, value(0));
    cache.get("a");
    cache.set("d", value(0));
    expect(held(cache, ["a", "b", "c", "d"])).toEqual(["a", "c", "d"]);
  });

  it("does not keep what is larger than all of its room, and leaves the others", () => {
    const cache = newCache();
    cache.set("a", value(1));
    cache.set("b", value(2));
    cache.set("c", new Float32Array(4 * QUARTER));
    cache.set("k".repeat(8_000_000), value(3));
    expect(held(cache, ["a", "b", "c", "k".repeat(8_000_000)])).toEqual(["a", "b"]);
    // What it replaces is not the newest under its key any more.
    cache.set("a", new Float32Array(4 * QUARTER));
    expect(held(cache, ["a", "b"])).toEqual(["b"]);
  });

  it("counts a key that is set again once", () => {
    const cache = newCache();
    for (let i = 0; i < 10; i++) cache.set("a", value(i));
    cache.set("b", value(0));
    cache.set("c", value(0));
    expect(held(cache, ["a", "b", "c"])).toEqual(["a", "b", "c"]);
  });

  it("counts keys too: many short vectors under long ones do not stay", () => {
    const cache = newCache();
    for (let i = 0; i < 100_000; i++) cache.set(longKey(i), new Float32Array(1));
    const kept = held(
      cache,
      Array.from({ length: 100_000 }, (_, i) => longKey(i)),
    ).length;
    // 16 MB at about 1.2 kB an entry.
    expect(kept).toBeGreaterThan(10_000);
    expect(kept).toBeLessThan(16_000);
  });
});

describe("LruCache", () => {
  it("tells of each value that it does not keep any more", () => {
    const gone: string[] = [];
    const cache = new LruCache<number, string>(
      6,
      (text, key) => text.length + key,
      (text) => void gone.push(text),
    );
    cache.set(1, "aa");
    cache.set(0, "bbb");
    expect(gone).toEqual([]);
    cache.set(0, "bb");
    expect(gone).toEqual(["bbb"]);
    cache.set(1, "c");
    cache.delete(1);
    cache.delete(1);
    expect(gone).toEqual(["bbb", "aa", "c"]);
    // As much as there is room for.
    cache.set(2, "dd");
    expect([cache.get(0), cache.get(2)]).toEqual(["bb", "dd"]);
    cache.set(3, "e");
    expect(gone.slice(3)).toEqual(["bb", "dd"]);
    expect(cache.get(3)).toBe("e");
    cache.set(3, "eee");
    expect(cache.get(3)).toBe("eee");
  });
});
