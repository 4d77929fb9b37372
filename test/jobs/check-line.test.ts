/** What is wrong with a line of a batch, and how much work is in it. */
import { describe, expect, it, test } from "vitest";
import { BATCH_ENDPOINTS, type BatchEndpoint } from "../../functions/batches/batch-object.ts";
import { checkLine, fault } from "../../functions/jobs/batches/check-line.ts";
import { countWork } from "../../functions/jobs/batches/count-work.ts";
import { bytesOf } from "../support/bytes.ts";

const EMBEDDINGS = "/v1/embeddings";
const GOOD = { custom_id: "a", method: "POST", url: EMBEDDINGS, body: { input: "fox" } };
const check = (line: unknown, endpoint: BatchEndpoint = EMBEDDINGS) =>
  checkLine(bytesOf(JSON.stringify(line)), endpoint);

describe("a line", () => {
  it.each([
    [{}, "a"],
    [{ custom_id: "x".repeat(512) }, "x".repeat(512)],
    [{ other: 1 }, "a"],
    [{ body: {} }, "a"],
  ])("%j is right", (fields, customId) => {
    expect(check({ ...GOOD, ...fields })).toMatchObject({ customId, items: 1 });
  });

  it.each<[object, string, string | null]>([
    [{ custom_id: undefined }, "missing_required_parameter", "custom_id"],
    [{ custom_id: "" }, "missing_required_parameter", "custom_id"],
    [{ custom_id: 7 }, "missing_required_parameter", "custom_id"],
    [{ custom_id: null }, "missing_required_parameter", "custom_id"],
    [{ custom_id: "x".repeat(513) }, "invalid_custom_id", "custom_id"],
    [{ custom_id: "x".repeat(100_000) }, "invalid_custom_id", "custom_id"],
    [{ method: "GET" }, "invalid_method", "method"],
    [{ method: undefined }, "invalid_method", "method"],
    [{ url: "/v1/classify" }, "invalid_url", "url"],
    [{ url: undefined }, "invalid_url", "url"],
    [{ body: undefined }, "missing_required_parameter", "body"],
    [{ body: null }, "missing_required_parameter", "body"],
    [{ body: [] }, "missing_required_parameter", "body"],
    [{ body: "text" }, "missing_required_parameter", "body"],
  ])("with %j is wrong", (fields, code, param) => {
    expect(check({ ...GOOD, ...fields })).toEqual({ code, param, message: expect.stringMatching(/./) });
  });

  it.each(BATCH_ENDPOINTS)("may ask %s", (endpoint) => {
    expect(check({ ...GOOD, url: endpoint }, endpoint)).toMatchObject({ customId: "a" });
    expect(check({ ...GOOD, url: `${endpoint}/` }, endpoint)).toMatchObject({ code: "invalid_url" });
  });

  it.each(["null", "7", '"text"', "[]", "{", "{}}", "{'a': 1}"])("%s is no object", (text) => {
    expect(checkLine(bytesOf(text), EMBEDDINGS)).toMatchObject({ code: "invalid_json_line", param: null });
  });

  test("that is blank is nothing", () => {
    for (const text of ["", " \r", "\ufeff"]) expect(checkLine(bytesOf(text), EMBEDDINGS)).toBeUndefined();
  });

  test("that is not UTF-8 is no JSON, and may begin with a byte order mark", () => {
    const line = bytesOf(`\ufeff${JSON.stringify(GOOD)}`);
    expect(checkLine(line, EMBEDDINGS)).toMatchObject({ customId: "a" });
    line[line.length - 6] = 0xff;
    expect(checkLine(line, EMBEDDINGS)).toMatchObject({ code: "invalid_json_line" });
  });

  test("with a field whose name is endless is refused, and told why", () => {
    expect(check({ ...GOOD, body: { input: "fox", ["k".repeat(70_000)]: 1 } })).toMatchObject({
      code: "invalid_json_line",
      message: expect.stringContaining("the name of a field"),
    });
  });

  test("with values that take too much memory is refused; a long text is not", () => {
    const tiny = Array.from({ length: 1_000_000 }, () => ({}));
    expect(check({ ...GOOD, body: { input: tiny } })).toMatchObject({ code: "line_too_long", param: null });
    expect(check({ ...GOOD, body: { input: "x".repeat(9_000_000) } })).toMatchObject({ texts: 1 });
  });
});

test("a fault without a parameter has null", () => {
  expect(fault("code", "message")).toEqual({ code: "code", message: "message", param: null });
});

const FILE = { file_id: "file-1" };
const VECTOR = { embedding: [1], revision: "r" };
const none = { images: 0, examples: 0, texts: 0, items: 0 };

const keyOf = (endpoint: BatchEndpoint, body: object): string | null =>
  countWork(endpoint, body as Record<string, unknown>).sameTexts;

describe("the work of a body", () => {
  it.each<[BatchEndpoint, object, object]>([
    [EMBEDDINGS, {}, { items: 1 }],
    [EMBEDDINGS, { input: null, messages: [] }, { items: 1 }],
    [EMBEDDINGS, { input: "a" }, { items: 1, texts: 1 }],
    [EMBEDDINGS, { input: [] }, {}],
    [
      EMBEDDINGS,
      { input: ["a", FILE, { image: "b" }, { text: "c" }, 7, null] },
      { items: 6, images: 2, texts: 2 },
    ],
    [EMBEDDINGS, { input: { image_url: "a" } }, { items: 1, images: 1 }],
    [EMBEDDINGS, { messages: [{ role: "user", content: "a" }] }, { items: 1, texts: 1 }],
    [
      EMBEDDINGS,
      { messages: [{ content: [{ text: "a" }, { type: "image_url", image_url: { url: "b" } }] }] },
      { items: 1, texts: 1, images: 1 },
    ],
    // Deeper than any request is nothing.
    [EMBEDDINGS, { input: [[[[[[FILE, { text: "a" }]]]]]] }, { items: 1, images: 1, texts: 1 }],
    [EMBEDDINGS, { input: [[[[[[[FILE, { text: "a" }]]]]]]] }, { items: 1 }],
    [
      EMBEDDINGS,
      { input: { content: { content: { content: { content: { content: { content: FILE } } } } } } },
      { items: 1, images: 1 },
    ],
    [
      EMBEDDINGS,
      {
        input: {
          content: { content: { content: { content: { content: { content: { content: FILE } } } } } },
        },
      },
      { items: 1 },
    ],
    [
      EMBEDDINGS,
      { input: { content: { content: { content: { content: { content: { content: { text: "a" } } } } } } } },
      { items: 1, texts: 1 },
    ],
    [
      EMBEDDINGS,
      {
        input: {
          content: {
            content: { content: { content: { content: { content: { content: { text: "a" } } } } } },
          },
        },
      },
      { items: 1 },
    ],
    ["/v1/rerank", { query: "a", documents: ["b", FILE, VECTOR, { text: "c" }] }, { images: 1, texts: 3 }],
    ["/v1/rerank", { query: { image: "a" }, documents: "b" }, { images: 1, texts: 1 }],
    ["/v1/rerank", {}, {}],
    ["/v1/similarity", { images: ["a", VECTOR, FILE], texts: ["b", "c"] }, { images: 2, texts: 2 }],
    ["/v1/similarity", { image: "a", text: "b" }, { images: 1, texts: 1 }],
    ["/v1/similarity", { input: ["a", "b"] }, { images: 2 }],
    ["/v1/classify", { image: FILE, labels: ["a", "b"] }, { images: 1, texts: 2 }],
    ["/v1/classify", { images: [VECTOR, "x"], label: "a", templates: "openai-80" }, { images: 1, texts: 80 }],
    ["/v1/classify", { image: "x", labels: ["a", "b"], templates: "openai-7" }, { images: 1, texts: 14 }],
    ["/v1/classify", { image: "x", labels: ["a"], templates: "a {}" }, { images: 1, texts: 1 }],
    [
      "/v1/classify",
      { image: "x", labels: ["a"], templates: ["a {}", "b {}", "c {}"] },
      { images: 1, texts: 3 },
    ],
    ["/v1/classify", { image: "x", labels: ["a"], templates: [] }, { images: 1, texts: 1 }],
    ["/v1/classify", { label_set: "x", image: "a", negative: "n" }, { images: 1, texts: 1 }],
    [
      "/v1/classify",
      {
        image: "x",
        labels: [{ label: "a", prompts: ["p", "q"] }, { label: "b", prompts: [] }, "c"],
        templates: "openai-7",
      },
      { images: 1, texts: 2 + 7 + 7 },
    ],
    [
      "/v1/classify",
      {
        image: "x",
        labels: [
          { label: "a", examples: ["p", FILE, VECTOR] },
          { label: "b", examples: "q" },
        ],
      },
      { images: 1, examples: 3, texts: 2 },
    ],
    ["/v1/classify", { labels: ["a"], none: { prompts: ["p", "q", "r"] } }, { texts: 4 }],
    ["/v1/classify", { labels: ["a"], none: {} }, { texts: 3 }],
    ["/v1/classify", { labels: ["a"], none: { prompts: null } }, { texts: 3 }],
    ["/v1/classify", { labels: ["a"], none: "yes" }, { texts: 1 }],
  ])("%s %j", (endpoint, body, counts) => {
    const { sameTexts: _, ...counted } = countWork(endpoint, body as Record<string, unknown>);
    expect(counted).toEqual({ ...none, ...counts });
  });

  it.each<[BatchEndpoint, object, object[], object[]]>([
    [
      "/v1/rerank",
      { query: "q", documents: ["a"], model: "m" },
      [{ query: "other" }],
      [{ documents: ["b"] }, { model: "n" }],
    ],
    [
      "/v1/similarity",
      { images: "x", texts: ["a"], model: "m" },
      [{ images: "y" }],
      [{ texts: ["b"] }, { model: "n" }],
    ],
    [
      "/v1/classify",
      { image: "x", labels: ["a"], model: "m" },
      [{ image: "y" }, { top_k: 1 }],
      [{ labels: ["b"] }, { templates: "{}" }, { negative: "n" }, { none: true }, { model: "n" }],
    ],
  ])("of %s has a key for what is computed once", (endpoint, body, same, other) => {
    const key = keyOf(endpoint, body);
    expect(key).not.toBeNull();
    for (const fields of same) expect(keyOf(endpoint, { ...body, ...fields })).toBe(key);
    const keys = [key, ...other.map((fields) => keyOf(endpoint, { ...body, ...fields }))];
    expect(new Set(keys).size).toBe(1 + other.length);
  });

  test("of embeddings has no key: vectors of a line are nobody else's", () => {
    expect(keyOf(EMBEDDINGS, { input: "a" })).toBeNull();
  });
});
