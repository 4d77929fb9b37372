/** The API's refusals: status, code and field, in OpenAI's error shape. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exampleBase64 } from "../support/example-pictures.ts";
import { post } from "../support/post.ts";
import { request } from "../support/send-request.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

let workers: Workers;
let image: string;

beforeAll(async () => {
  workers = await startWorkers();
  image = await exampleBase64("fox.png");
});

afterAll(async () => {
  await workers.dispose();
});

type Case = [what: string, body: () => unknown, status: number, code: string, param: string | null];

const TEXT_FILE = Buffer.from("this is a text file, whatever its name says").toString("base64");
/** A PNG header of 20,000 × 20,000 pixels and no data. */
const BOMB = Buffer.from("89504e470d0a1a0a0000000d4948445200004e2000004e200806000000", "hex").toString(
  "base64",
);

const CLASSIFY: Case[] = [
  ["something not JSON", () => "{nope", 400, "invalid_json", null],
  ["a list for a body", () => "[]", 400, "invalid_type", null],
  ["no labels", () => ({ image }), 400, "missing_field", "labels"],
  ["an empty list of labels", () => ({ image, labels: [] }), 400, "empty_input", "labels"],
  ["an empty label", () => ({ image, labels: ["fox", ""] }), 400, "empty_input", "labels[1]"],
  ["a label of white space", () => ({ image, labels: ["fox", " \t"] }), 400, "empty_input", "labels[1]"],
  ["a number for a label", () => ({ image, labels: ["fox", 7] }), 400, "invalid_type", "labels[1]"],
  ["a label twice", () => ({ image, labels: ["fox", "Fox "] }), 400, "duplicate_label", "labels[1]"],
  ["a label too long", () => ({ image, labels: ["x".repeat(8193)] }), 400, "too_long", "labels[0]"],
  ["too many labels", () => ({ image, labels: many(1001) }), 400, "too_many_items", "labels"],
  ["labels and a set", () => ({ image, labels: ["a"], label_set: "ls_1" }), 400, "invalid_type", "label_set"],
  ["a set that is not there", () => ({ image, label_set: "ls_1" }), 404, "label_set_not_found", "label_set"],
  ["no image", () => ({ labels: ["fox"] }), 400, "missing_field", "images"],
  ["no images in the list", () => ({ images: [], labels: ["fox"] }), 400, "empty_input", "images"],
  ["an image under two names", () => ({ image, input: image, labels: ["a"] }), 400, "invalid_type", "input"],
  ["too many images", () => ({ images: many(17), labels: ["fox"] }), 400, "too_many_items", "images"],
  [
    "a number for an image",
    () => ({ images: [image, 7], labels: ["fox"] }),
    400,
    "invalid_type",
    "images[1]",
  ],
  ["broken base64", () => ({ image: "####", labels: ["fox"] }), 400, "invalid_image", "images[0]"],
  [
    "a broken data URI",
    () => ({ image: "data:image/png;base64,####", labels: ["a"] }),
    400,
    "invalid_image",
    "images[0]",
  ],
  [
    "a link into the deployment's own network",
    () => ({ image: "http://10.0.0.1/a.png", labels: ["a"] }),
    400,
    "image_url_forbidden",
    "images[0]",
  ],
  [
    "a text file",
    () => ({ images: [image, TEXT_FILE], labels: ["a"] }),
    400,
    "unsupported_image_format",
    "images[1]",
  ],
  [
    "a picture that is cut",
    () => ({ image: image.slice(0, 200), labels: ["a"] }),
    400,
    "invalid_image",
    "images[0]",
  ],
  ["a claim of 400 megapixels", () => ({ image: BOMB, labels: ["a"] }), 400, "image_too_large", "images[0]"],
  [
    "a template without a place",
    () => ({ image, labels: ["a"], templates: "a photo" }),
    400,
    "invalid_template",
    "templates[0]",
  ],
  [
    "a template with two places",
    () => ({ image, labels: ["a"], templates: ["{} {}"] }),
    400,
    "invalid_template",
    "templates[0]",
  ],
  ["top_k of 0", () => ({ image, labels: ["a"], top_k: 0 }), 400, "invalid_type", "top_k"],
  [
    "a threshold beyond 1",
    () => ({ image, labels: ["a"], min_similarity: 2 }),
    400,
    "invalid_type",
    "min_similarity",
  ],
  ["an unknown model", () => ({ image, labels: ["a"], model: "gpt-5" }), 404, "model_not_found", "model"],
  [
    "a label of control characters",
    () => ({ image, labels: ["\u0000\u001f"] }),
    400,
    "empty_input",
    "labels[0]",
  ],
  ["100,000 labels", () => ({ image, labels: many(100_000) }), 400, "too_many_items", "labels"],
  ["a label of a megabyte", () => ({ image, labels: ["x".repeat(1e6)] }), 400, "too_long", "labels[0]"],
  [
    "an empty prompt",
    () => ({ image, labels: ["a", { label: "b", prompts: ["c", " "] }] }),
    400,
    "empty_input",
    "labels[1].prompts[1]",
  ],
  [
    "a content part without a URL",
    () => ({ images: [image, { type: "image_url", image_url: {} }], labels: ["a"] }),
    400,
    "missing_field",
    "images[1].image_url.url",
  ],
  ["an infinite number", () => `{"image":"AAAA","labels":["a"],"top_k":1e999}`, 400, "invalid_type", "top_k"],
  ["an empty body", () => "", 400, "invalid_json", null],
];

const SIMILARITY: Case[] = [
  ["no texts", () => ({ image }), 400, "missing_field", "texts"],
  ["an empty text", () => ({ image, texts: ["a", ""] }), 400, "empty_input", "texts[1]"],
  ["too many texts", () => ({ image, texts: many(1001) }), 400, "too_many_items", "texts"],
  ["an unknown model", () => ({ image, text: "a", model: "x/y" }), 404, "model_not_found", "model"],
];

function many(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `label ${i}`);
}

describe.each([
  ["/v1/classify", CLASSIFY],
  ["/v1/similarity", SIMILARITY],
])("POST %s refuses", (path, cases) => {
  it.each(cases)("%s", async (_, body, status, code, param) => {
    const answer = await post(workers.url + path, body());
    expect(answer.body.error).toMatchObject({ code, param });
    expect(answer.status).toBe(status);
    expect(answer.body.error.message).toEqual(expect.any(String));
    expect(answer.headers.get("x-request-id")).toMatch(/^req_/);
  });
});

/** Sends files of zeros; gives the status and the error's code and param. */
async function upload(sizes: number[]): Promise<[status: number, code: string, param: string | null]> {
  const form = new FormData();
  for (const size of sizes) form.append("image", new Blob([new Uint8Array(size)]), "a.png");
  form.append("labels", "a");
  const response = await fetch(`${workers.url}/v1/classify`, { method: "POST", body: form });
  const { error } = (await response.json()) as { error: { code: string; param: string | null } };
  return [response.status, error.code, error.param];
}

describe("HTTP itself", () => {
  it.each([
    ["GET", "/nowhere", 404, "not_found"],
    ["GET", "/v1/classify", 405, "method_not_allowed"],
    ["DELETE", "/v1/models", 405, "method_not_allowed"],
    ["GET", "/v1/models/no/such", 404, "model_not_found"],
  ])("%s %s → %i", async (method, path, status, code) => {
    const response = await fetch(workers.url + path, { method });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { code, type: "invalid_request_error" } });
  });

  it("refuses other media types", async () => {
    const response = await fetch(`${workers.url}/v1/classify`, { method: "POST", body: "plain text" });
    expect(response.status).toBe(415);
  });

  it.each(["gzip", "br", "zstd"])("refuses a body that is packed with %s", async (encoding) => {
    const headers = { "content-type": "application/json", "content-encoding": encoding };
    const answer = await request("POST", `${workers.url}/v1/classify`, "x", headers);
    expect(answer.status).toBe(415);
    expect(answer.body.error).toMatchObject({ code: "unsupported_media_type" });
    expect(answer.body.error.message).toContain("content-encoding");
  });

  it("refuses a form's list that would overflow the stack", async () => {
    for (const name of ["labels", "negative", "x", "images"]) {
      const form = new FormData();
      form.append(name, JSON.stringify(Array(150_000).fill(0)));
      const response = await fetch(`${workers.url}/v1/classify`, { method: "POST", body: form });
      expect(response.status, name).toBe(400);
      await response.arrayBuffer();
    }
  });

  it("refuses a body that is too large, with its length or without", async () => {
    const headers = { "content-type": "application/json" };
    const body = new Uint8Array(16_000_001).fill(0x20);
    const whole = await fetch(`${workers.url}/v1/classify`, { method: "POST", headers, body });
    expect(whole.status).toBe(413);
    const chunked = await fetch(`${workers.url}/v1/classify`, {
      method: "POST",
      headers,
      body: new Blob([body]).stream(),
      duplex: "half",
    } as RequestInit);
    expect(chunked.status).toBe(413);
  });

  it("refuses a malformed multipart body", async () => {
    for (const type of ["multipart/form-data", "multipart/form-data; boundary=x"]) {
      const headers = { "content-type": type };
      const response = await fetch(`${workers.url}/v1/classify`, { method: "POST", headers, body: "nope" });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: { code: "invalid_type" } });
    }
  });

  it("refuses an upload that is too large, and a single picture that is too large", async () => {
    expect(await upload([16e6, 16e6, 16e6, 16e6])).toEqual([413, "request_too_large", null]);
    expect(await upload([10, 20_000_001])).toEqual([400, "image_too_large", "images[1]"]);
  });

  it("takes no field from a form field's prototype", async () => {
    const form = new FormData();
    form.append("image", new Blob([Buffer.from(image, "base64")]), "fox.png");
    form.append("__proto__", '{"labels":["a"]}');
    const response = await fetch(`${workers.url}/v1/classify`, { method: "POST", body: form });
    const { error } = (await response.json()) as { error: { code: string } };
    expect(error.code).toMatch(/^(unknown|missing)_field$/);
  });

  it("treats prototype keys and deep nesting like other input", async () => {
    const deep = `{"image":${"[".repeat(100_000)}${"]".repeat(100_000)},"labels":["a"]}`;
    expect((await post(`${workers.url}/v1/classify`, deep)).status).toBe(400);
    const polluted = `{"__proto__":{"labels":["a"]},"constructor":{"prototype":{"labels":["a"]}},"image":"x"}`;
    const { error } = (await post(`${workers.url}/v1/classify`, polluted)).body;
    expect(error.code).toMatch(/^(unknown|missing)_field$/);
  });
});
