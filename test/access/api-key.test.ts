/** Keys as text, and `npm run keys` with a store of its own. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it, vi } from "vitest";
import { bearerKey, keyId, keyPath, newKey } from "../../functions/gateway/keys/api-key.ts";
import { newRecord } from "../../scripts/keys/new-record.ts";

const ROOT = join(import.meta.dirname, "../..");

/** A key that ended an hour ago. */
async function storeExpired(state: string, account: string): Promise<void> {
  // The module reads the store's location once, when it is loaded.
  vi.stubEnv("EDGECLIP_STATE", state);
  const { localKeys } = await import("../../scripts/keys/key-stores.ts");
  const store = await localKeys();
  const path = await keyPath(newKey());
  const about = { account, name: "", tier: "free" as const, operator: false };
  await store.put(path, newRecord(path, { ...about, lifetime: -3600 }));
  await store.close();
}

describe("a key", () => {
  it("is read from its header, and not from a changed one", () => {
    for (let i = 0; i < 200; i++) {
      const key = newKey();
      expect(bearerKey(`Bearer ${key}`)).toBe(key);
      expect(bearerKey(`bEaReR   ${key} `)).toBe(key);
      for (const header of [
        key,
        `Bearer${key}`,
        `Bearer ${key}=`,
        `Bearer ${key.slice(0, -1)}`,
        `Bearer ${key} ${key}`,
      ]) {
        expect(bearerKey(header), header).toBeUndefined();
      }
    }
    expect(bearerKey(undefined)).toBeUndefined();
  });

  it("must be the whole header, from first to last character", () => {
    const key = newKey();
    for (const header of [
      `x Bearer ${key}`,
      `xBearer ${key}`,
      `Bearer x${key}`,
      `Bearer ${key}x`,
      `Bearer x-${key.slice(3)}`,
      "Bearer",
    ]) {
      expect(bearerKey(header), header).toBeUndefined();
    }
  });

  it("is never the same twice, and neither is its path", async () => {
    const keys = Array.from({ length: 1000 }, newKey);
    expect(new Set(keys).size).toBe(keys.length);
    const [key = ""] = keys;
    const paths = [await keyPath(key), await keyPath(key, "pepper"), await keyPath(keys[1] ?? "")];
    expect(new Set(paths).size).toBe(3);
    for (const path of paths) expect(path).toMatch(/^key\/[0-9a-f]{64}$/);
    expect(keyId(paths[0] ?? "")).toMatch(/^key_[0-9a-f]{12}$/);
  });
});

describe("npm run keys", () => {
  it("makes, lists and revokes keys, and shows a key only once", { timeout: 240_000 }, async () => {
    const state = await mkdtemp(join(tmpdir(), "edgeclip-keys-"));
    const keys = async (...parameters: string[]): Promise<string> => {
      const env = { ...process.env, EDGECLIP_STATE: state };
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ["scripts/keys/keys.ts", ...parameters],
        {
          cwd: ROOT,
          env,
        },
      );
      return stdout;
    };
    try {
      const made = await keys(
        "create",
        "--account",
        "acme",
        "--name",
        "the shop",
        "--tier",
        "high",
        "--expires",
        "90d",
      );
      const [key = ""] = /sk-\S+/.exec(made) ?? [];
      expect(bearerKey(`Bearer ${key}`)).toBe(key);
      const listed = await keys("list");
      const [id = ""] = /^key_\w+/.exec(listed) ?? [];
      expect(listed).toMatch(
        /^key_\w{12} {2}acme {2}high {2}made \d{4}-\d\d-\d\d {2}expires \d{4}-\d\d-\d\d {2}the shop\n$/,
      );
      expect(listed).not.toContain(key.slice(3));
      expect(keyId(await keyPath(key))).toBe(id);
      expect(await keys("revoke", id)).toContain("revoked");
      expect(await keys("list")).toBe("");
      await storeExpired(state, "bygone");
      expect(await keys("list")).toBe("");
      expect(await keys("list", "--all")).toMatch(/ bygone {2}.* expired \d{4}-\d\d-\d\d/);
      await expect(keys("revoke", id)).rejects.toThrow(/there is no key/);
      await expect(keys("create")).rejects.toThrow(/--account/);
      await expect(keys("create", "--account", "a", "--tier", "gold")).rejects.toThrow(/--tier/);
      await expect(keys("create", "--account", "a", "--expires", "soon")).rejects.toThrow(/--expires/);
    } finally {
      await rm(state, { recursive: true });
    }
  });
});
