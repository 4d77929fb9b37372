/**
 * Tests base64 and data URIs in workerd, where the gateway decodes them, because Node has no `Uint8Array.fromBase64`
 * yet. The modules under test run unchanged, without their types.
 */
import { readFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { random } from "../support/random.ts";

const FOLDER = join(import.meta.dirname, "../../functions");

/** `POST /decodeBase64` or `/parseDataUri` with the text gives the bytes, or 400 if it is refused. */
const SCRIPT = `
import { decodeBase64, decodeBase64Bytes } from "./gateway/base64.ts";
import { parseDataUri } from "./gateway/images/data-uri.ts";
export default {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    const parse = { "/decodeBase64": decodeBase64, "/decodeBase64Bytes": decodeBase64Bytes, "/parseDataUri": parseDataUri };
    const bytes = parse[pathname](pathname === "/decodeBase64" ? await request.text() : await request.bytes());
    return new Response(bytes, { status: bytes === undefined ? 400 : 200 });
  },
};`;

let miniflare: Miniflare;
let url: URL;

beforeAll(async () => {
  const modules = await Promise.all(
    ["gateway/base64.ts", "json/hex-value.ts", "gateway/images/data-uri.ts"].map(async (path) => ({
      type: "ESModule" as const,
      path,
      contents: stripTypeScriptTypes(await readFile(join(FOLDER, path), "utf8")),
    })),
  );
  miniflare = new Miniflare(
    convertV4MiniflareOptions({
      workers: [
        {
          name: "references",
          modules: [{ type: "ESModule", path: "index.js", contents: SCRIPT }, ...modules],
          compatibilityDate: "2026-10-20",
        },
      ],
    }),
  );
  url = await miniflare.ready;
});

afterAll(async () => {
  await miniflare.dispose();
});

/** The bytes as hexadecimal, or undefined where the text is refused. */
async function parse(
  how: "decodeBase64" | "decodeBase64Bytes" | "parseDataUri",
  text: string,
): Promise<string | undefined> {
  const response = await fetch(new URL(how, url), { method: "POST", body: text });
  return response.ok ? Buffer.from(await response.arrayBuffer()).toString("hex") : undefined;
}

const SEEDS = Array.from({ length: 10 }, (_, seed) => [seed] as const);

function randomBytes(seed: number): Buffer {
  const next = random(seed);
  return Buffer.from(Array.from({ length: 1 + Math.floor(next() * 300) }, () => Math.floor(next() * 256)));
}

describe("base64", () => {
  it.each(SEEDS)("comes back from every way to write it (seed %i)", async (seed) => {
    const bytes = randomBytes(seed);
    const standard = bytes.toString("base64");
    for (const text of [
      standard,
      standard.replace(/=+$/, ""),
      bytes.toString("base64url"),
      standard.replaceAll(/(.{10})/g, "$1\r\n"),
      ` \t${standard}\n`,
    ]) {
      expect(await parse("decodeBase64", text), text).toBe(bytes.toString("hex"));
      expect(await parse("decodeBase64Bytes", text), text).toBe(bytes.toString("hex"));
    }
  });

  it("comes back from bytes that are decoded in several pieces", async () => {
    const bytes = Buffer.concat(Array.from({ length: 1500 }, (_, seed) => randomBytes(seed)));
    const standard = bytes.toString("base64");
    const urlSafe = bytes.toString("base64url");
    for (const text of [standard, urlSafe, standard.replaceAll(/(.{77})/g, "$1\r\n")]) {
      expect(text.length).toBeGreaterThan(2 * 65_536);
      expect(await parse("decodeBase64Bytes", text)).toBe(bytes.toString("hex"));
      const at = text.length - 66_000;
      const cut = `${text.slice(0, at)}==${text.slice(at)}`;
      expect(await parse("decodeBase64Bytes", cut)).toBeUndefined();
      expect(
        await parse("decodeBase64Bytes", `${text.slice(0, 70_000)}!${text.slice(70_000)}`),
      ).toBeUndefined();
    }
  });

  it.each(["####", "a", "ab=c", "=", "a+b_", "YWJj.", "ÿÿÿÿ"])("is not %s", async (text) => {
    expect(await parse("decodeBase64", text)).toBeUndefined();
    expect(await parse("decodeBase64Bytes", text)).toBeUndefined();
  });
});

describe("a data URI", () => {
  it.each(SEEDS)("comes back from every way to write it (seed %i)", async (seed) => {
    const bytes = randomBytes(seed);
    const base64 = bytes.toString("base64");
    const percent = [...bytes].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
    for (const uri of [
      `data:image/png;base64,${base64}`,
      `DATA:;Base64,${base64}`,
      `data:image/png;name=a.png; base64,${base64}`,
      `data:image/png;base64,${encodeURIComponent(base64)}`,
      `data:image/png,${percent}`,
      `data:,${percent.toUpperCase()}`,
      `data:image/png;name=${"a".repeat(1000)};base64,${base64}`,
      `data:image/png;name=${"a".repeat(1000)},${percent}`,
    ]) {
      expect(await parse("parseDataUri", uri), uri).toBe(bytes.toString("hex"));
    }
  });

  it.each([
    ["data:,a b%20c", "6120622063"],
    ["data:text/plain,a,b", "612c62"],
    ["data:,", ""],
    ["data:,%41b%43%44e", "4162434465"],
    ["data:,€%e2%82%ac", "e282ace282ac"],
    ["data:,%25%32%35", "253235"],
    ["data:;base64;charset=x,a", "61"],
  ])("%s", async (uri, hex) => {
    expect(await parse("parseDataUri", uri)).toBe(hex);
  });

  it.each(["data:image/png;base64", "data:image/png;base64,####", "data:,%", "data:,%4", "data:,%zz"])(
    "is not %s",
    async (uri) => {
      expect(await parse("parseDataUri", uri)).toBeUndefined();
    },
  );
});
