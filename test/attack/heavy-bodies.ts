/**
 * Bodies that need much more memory than their length, for all ways into the gateway: the largest of each kind that is
 * accepted, and the largest that can be sent.
 */

import { noiseBmp } from "../support/write-bmp.ts";

export interface HeavyBody {
  name: string;
  path: string;
  contentType: string;
  body: Uint8Array;
}

const LIMIT = 15_999_000;

function json(name: string, path: string, text: string): HeavyBody {
  return { name, path, contentType: "application/json", body: Buffer.from(text) };
}

/** `before`, then as many units as fit, then `after`, in at most `bytes` bytes. */
function filled(before: string, unit: (index: number) => string, after: string, bytes: number): string {
  const units: string[] = [];
  let length = before.length + after.length;
  for (let i = 0; ; i++) {
    const next = unit(i);
    length += Buffer.byteLength(next) + 1;
    if (length > bytes) break;
    units.push(next);
  }
  return `${before}${units.join(",")}${after}`;
}

const floats = (count: number, seed: number): string =>
  `[${Array.from({ length: count }, (_, i) => Math.sin(1 + i * (seed + 1)).toFixed(8)).join(",")}]`;

const prompts = (count: number, label: number): string =>
  Array.from({ length: count }, (_, i) => `"a photo of a thing, ${label} ${i}"`).join();

/** Valid or almost valid bodies, as heavy as possible. @param width width of the model's embeddings */
export function heavyAndLegal(width: number): HeavyBody[] {
  const documents = Array.from({ length: 1000 }, (_, i) => `{"embedding":${floats(width, i)}}`);
  const images = Array.from({ length: 16 }, () => Buffer.from(noiseBmp(8, 8, 1)).toString("base64"));
  const labels = Array.from({ length: 1000 }, (_, i) => ({
    label: String(i).padEnd(8_000, "X"),
    prompts: ["a"],
  }));
  const texts = Array.from({ length: 1000 }, () => "x".repeat(8_000));
  return [
    json(
      "1,000 long labels in the answer for each of 16 pictures",
      "/v1/classify",
      JSON.stringify({ images, labels, top_k: 1000 }),
    ),
    json(
      "1,000 long texts in the answer for each of 16 pictures",
      "/v1/similarity",
      JSON.stringify({ images, texts }),
    ),
    json(
      "1,000 vectors to rerank",
      "/v1/rerank",
      `{"query":{"embedding":${floats(width, 1)}},"documents":[${documents.join()}]}`,
    ),
    json(
      "1,000 labels of 100 prompts, one number among them",
      "/v1/classify",
      `{"image":"AAAA","labels":[${Array.from({ length: 999 }, (_, i) => `{"label":"l${i}","prompts":[${prompts(100, i)}]}`).join()},{"label":"x","prompts":[7]}]}`,
    ),
    json(
      "10,000 labels of 30 prompts, one number among them",
      "/v1/label_sets",
      `{"labels":[${Array.from({ length: 10_000 }, (_, i) => `{"label":"label ${i}","prompts":[${prompts(30, i)}]}`).join()}],"min_similarity":"x"}`,
    ),
    json(
      "11 labels of 7,000 letters beyond Latin-1 in 100 templates",
      "/v1/classify",
      JSON.stringify({
        image: images[0],
        labels: Array.from({ length: 11 }, (_, i) => String(i).padEnd(7_000, "猫")),
        templates: Array.from({ length: 100 }, (_, i) => `${i} {}`),
      }),
    ),
    json(
      "a picture in a data URI without base64",
      "/v1/classify",
      `{"labels":["a"],"image":"data:image/png,€${"a".repeat(15_900_000)}"}`,
    ),
    json(
      "the same in percent escapes",
      "/v1/classify",
      `{"labels":["a"],"image":"data:image/png,${"%41".repeat(5_300_000)}"}`,
    ),
    json(
      "the same in base64 with percent escapes",
      "/v1/classify",
      `{"labels":["a"],"image":"data:image/png;base64,${"%2B".repeat(5_300_000)}"}`,
    ),
    json(
      "texts of 8,000 letters",
      "/v1/embeddings",
      filled('{"dimensions":1,"input":[', (i) => `"${String(i).padEnd(8_000, "x")}"`, "]}", LIMIT),
    ),
    json(
      "texts of 8,000 letters beyond ASCII",
      "/v1/embeddings",
      filled('{"dimensions":1,"input":[', (i) => `"${String(i).padEnd(5_000, "猫")}"`, "]}", LIMIT),
    ),
  ];
}

/** @param partOf gives the rest of a part's header */
function formOf(name: string, partOf: (index: number) => string): HeavyBody {
  const parts = Array.from(
    { length: 15_000 },
    (_, i) => `--b\r\ncontent-disposition: form-data; ${partOf(i)}\r\n\r\nx\r\n`,
  );
  return {
    name,
    path: "/v1/classify",
    contentType: "multipart/form-data; boundary=b",
    body: Buffer.from(`${parts.join("")}--b--\r\n`),
  };
}

/** Forms of 60 MB that consist of field names, or of headers around short names. */
export function manyNames(): HeavyBody[] {
  return [
    formOf("long names in a form", (i) => `name="${String(i).padEnd(3_900, "n")}"`),
    formOf("long headers in a form", (i) => `name="${String(i).padEnd(20, "n")}"; x="${"x".repeat(3_900)}"`),
  ];
}

/** @param bytes length of each body */
export function manyValues(bytes = LIMIT): HeavyBody[] {
  const list = (name: string, path: string, before: string, unit: (index: number) => string, after: string) =>
    json(name, path, filled(before, unit, after, bytes));
  const form = filled("[", () => "{}", "]", Math.min(bytes, 3_900_000));
  const field = `--b\r\ncontent-disposition: form-data; name="labels"\r\n\r\n${form}\r\n--b--\r\n`;
  return [
    list("empty objects", "/v1/embeddings", '{"input":[', () => "{}", "]}"),
    list(
      "empty objects in a field that nobody reads",
      "/v1/embeddings",
      '{"user":[',
      () => "{}",
      '],"input":"fox"}',
    ),
    list("empty lists", "/v1/embeddings", '{"input":[', () => "[]", "]}"),
    list("empty strings", "/v1/classify", '{"image":"AAAA","labels":[', () => '""', "]}"),
    list("short strings", "/v1/classify", '{"image":"AAAA","labels":[', (i) => `"${i.toString(36)}"`, "]}"),
    list("numbers", "/v1/rerank", '{"query":"a","documents":[', () => "0", "]}"),
    list(
      "broken numbers",
      "/v1/rerank",
      '{"query":"a","documents":[{"embedding":[',
      () => ".5".padStart(3, "0"),
      "]}]}",
    ),
    list("wrong vectors", "/v1/rerank", '{"query":"a","documents":[', () => '{"embedding":[""]}', "]}"),
    list(
      "objects of different shapes",
      "/v1/label_sets",
      '{"labels":[',
      (i) => `{"${i.toString(36)}":0}`,
      "]}",
    ),
    list(
      "one object of many fields",
      "/v1/label_sets",
      '{"labels":[{',
      (i) => `"${i.toString(36)}":0`,
      "}]}",
    ),
    list("one field again and again", "/v1/classify", "{", () => '"labels":[{}]', "}"),
    list(
      "labels with wrong prompts",
      "/v1/label_sets",
      '{"labels":[',
      (i) => `{"label":"${i}","prompts":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}`,
      "]}",
    ),
    list("numbers of many digits", "/v1/rerank", '{"query":"a","documents":[', () => "9".repeat(300), "]}"),
    list(
      "strings just too short to be lifted out",
      "/v1/classify",
      '{"labels":["a"],"images":[',
      () => `"${"A".repeat(65_500)}"`,
      "]}",
    ),
    list(
      "the same beyond Latin-1",
      "/v1/classify",
      '{"labels":["a"],"images":[',
      () => `"${"A".repeat(65_400)}猫"`,
      "]}",
    ),
    list(
      "one string that is all escapes",
      "/v1/classify",
      '{"labels":["a"],"images":["',
      () => "\\u4e2d\\n".repeat(1000),
      '"]}',
    ),
    json("depth", "/v1/classify", `{"image":${"[".repeat(bytes / 2)}`),
    {
      name: "commas in a form's field",
      path: "/v1/classify",
      contentType: "multipart/form-data; boundary=b",
      body: Buffer.from(
        `--b\r\ncontent-disposition: form-data; name="labels"\r\n\r\n${"a,".repeat(Math.min(bytes, 3_900_000) / 2)}\r\n--b--\r\n`,
      ),
    },
    {
      name: "a list in a form's field",
      path: "/v1/classify",
      contentType: "multipart/form-data; boundary=b",
      body: Buffer.from(field),
    },
  ];
}
