/** Forms as clients write them, byte by byte, and the expected meaning of each. */

export interface FormCase {
  client: string;
  habit: string;
  path: string;
  contentType: string;
  body: Buffer;
  /** What the answer must contain: labels, the best first, or the error. */
  labels?: readonly string[];
  pictures?: number;
  status: number;
  code?: string;
  param?: string;
}

type Part = readonly [headers: string, content: Uint8Array | string];

interface Sent {
  parts: readonly Part[];
  path?: string;
  boundary?: string;
  contentType?: string;
  preamble?: string;
  epilogue?: string;
}

interface Wanted {
  labels?: readonly string[];
  pictures?: number;
  status?: number;
  code?: string;
  param?: string;
}

const field = (name: string, more = ""): string => `Content-Disposition: form-data; name="${name}"${more}`;
const file = (name: string, filename = "fox.png", type = "\r\nContent-Type: image/png"): string =>
  field(name, `; filename="${filename}"${type}`);

/** @param fox a picture of a fox @param leadingCrlf a recorded body with the boundary `X` */
export function formCases(fox: Uint8Array, leadingCrlf: Buffer): FormCase[] {
  const picture: Part = [file("image"), fox];
  const labels: Part = [field("labels"), '["fox","bus"]'];
  const both = ["fox", "bus"];
  const cases: FormCase[] = [];
  const add = (client: string, habit: string, sent: Sent, wanted: Wanted = { labels: both }): void => {
    const { parts, path = "/v1/classify", boundary = "edge", preamble = "", epilogue = "" } = sent;
    const contentType = sent.contentType ?? `multipart/form-data; boundary=${boundary}`;
    const pieces = parts.flatMap(([headers, content]) => [
      Buffer.from(`--${boundary}\r\n${headers}\r\n\r\n`),
      Buffer.from(content),
      Buffer.from("\r\n"),
    ]);
    const body = Buffer.concat([
      Buffer.from(preamble),
      ...pieces,
      Buffer.from(`--${boundary}--\r\n${epilogue}`),
    ]);
    cases.push({ client, habit, path, contentType, body, status: 200, ...wanted });
  };

  add("curl", '`-F image=@fox.png -F labels=\'["fox","bus"]\'`', {
    boundary: "------------------------d74496d66958873e",
    parts: [picture, labels],
  });
  add("curl", "`-F labels=fox -F labels=bus`", {
    parts: [picture, [field("labels"), "fox"], [field("labels"), "bus"]],
  });
  add("curl", "`-F labels=fox,bus`: one text is split at commas", {
    parts: [picture, [field("labels"), "fox, bus"]],
  });
  add(
    "curl",
    "`-F 'labels=<labels.txt'`: a text of lines is split at line breaks",
    {
      parts: [picture, [field("labels"), "fox\nbus, a red one\r\n\r\n"]],
    },
    { labels: ["fox", "bus, a red one"] },
  );
  add(
    "curl",
    "`-F label=fox,bus`: the singular is one label",
    { parts: [picture, [field("label"), "fox,bus"]] },
    { labels: ["fox,bus"] },
  );
  add(
    "curl",
    "`-F labels=fox,bus -F labels=harp`: repeated fields are not split",
    {
      parts: [picture, [field("labels"), "fox,bus"], [field("labels"), "harp"]],
    },
    { labels: ["fox,bus", "harp"] },
  );
  add("curl", '`-F labels=\'"fox","bus"\'`: texts in quotes', {
    parts: [picture, [field("labels"), '"fox","bus"']],
  });
  add(
    "curl",
    "`-F labels='\"fox\"'`: a JSON string",
    { parts: [picture, [field("labels"), '"fox"']] },
    { labels: ["fox"] },
  );
  add(
    "curl",
    "`-F labels=,`: no text between the commas",
    { parts: [picture, [field("labels"), ","]] },
    { status: 400, code: "empty_input", param: "labels" },
  );
  add(
    "curl",
    "`-F top_k=1 -F top_k=5`: two values for a field that has one",
    { parts: [picture, labels, [field("top_k"), "1"], [field("top_k"), "5"]] },
    { status: 400, code: "invalid_type", param: "top_k" },
  );
  add("Rails", "`multi_label=0` and `multi_label=1` for a checkbox: the last is meant", {
    parts: [picture, labels, [field("multi_label"), "0"], [field("multi_label"), "1"]],
  });
  add(
    "curl",
    '`-F labels=\'["fox","bus"\'`: a broken JSON list',
    { parts: [picture, [field("labels"), '["fox","bus"']] },
    { status: 400, code: "invalid_json", param: "labels" },
  );
  add(
    "curl",
    "`-F labels=@labels.json`: a file where texts belong",
    { parts: [picture, [file("labels", "labels.json", ""), '["fox"]']] },
    { status: 400, code: "invalid_type", param: "labels" },
  );
  add(
    "curl",
    "`--data-urlencode labels=fox`",
    { parts: [], contentType: "application/x-www-form-urlencoded" },
    { status: 415, code: "unsupported_media_type" },
  );

  add("Python requests", '`files={"file": …}, data={"labels": ["fox", "bus"], "multi_label": True}`', {
    boundary: "0f6c8f3c1e6a4c8f9c8d1b0f7e6a5d4c",
    parts: [
      [field("labels"), "fox"],
      [field("labels"), "bus"],
      [field("multi_label"), "True"],
      [field("file", '; filename="fox.png"'), fox],
    ],
  });
  add(
    "Python requests",
    '`files=[("images", …), ("images", …)]`',
    {
      parts: [
        labels,
        [field("images", '; filename="a.png"'), fox],
        [field("images", '; filename="b.png"'), fox],
      ],
    },
    { labels: both, pictures: 2 },
  );
  add("aiohttp", "texts with a type, files with a length", {
    boundary: "f2b5a7e9c1d34a6b8c7d9e0f1a2b3c4d",
    parts: [
      [`Content-Type: text/plain; charset=utf-8\r\n${field("labels")}`, "fox"],
      [`Content-Type: application/octet-stream\r\n${field("labels")}`, "bus"],
      [`Content-Type: image/png\r\n${file("image", "fox.png", "")}\r\nContent-Length: ${fox.length}`, fox],
    ],
  });

  add("Node FormData", "a `Blob` without a name", {
    boundary: "----formdata-undici-054931219637",
    parts: [[file("image", "blob", "\r\nContent-Type: application/octet-stream"), fox], labels],
  });
  add("axios", "`labels[]` for each of a list", {
    boundary: "--------------------------878319436570121512345678",
    parts: [
      [file("image[]"), fox],
      [field("labels[]"), "fox"],
      [field("labels[]"), "bus"],
    ],
  });
  add("axios", "`labels[0]`, with `indexes: true`", {
    parts: [
      [file("images[0]"), fox],
      [field("labels[0]"), "fox"],
      [field("labels[1]"), "bus"],
    ],
  });
  add("JavaScript", '`append("top_k", null)`, `append("min_similarity", undefined)`', {
    parts: [picture, labels, [field("top_k"), "null"], [field("min_similarity"), "undefined"]],
  });

  add("PHP", "`labels[]` and `image[]`, `CURLFile`", {
    boundary: "------------------------8f9e7d6c5b4a3210",
    parts: [
      [file("image[]"), fox],
      [field("labels[]"), "fox"],
      [field("labels[]"), "bus"],
      [field("multi_label"), "1"],
    ],
  });
  add(
    "PHP",
    "`labels[]` once: not split",
    { parts: [picture, [field("labels[]"), "fox, bus"]] },
    { labels: ["fox, bus"] },
  );

  add(".NET HttpClient", "a quoted boundary, names without quotes, a charset", {
    boundary: "b4b5ea7b-7d13-4e57-9a6f-0c1d2e3f4a5b",
    contentType: 'multipart/form-data; boundary="b4b5ea7b-7d13-4e57-9a6f-0c1d2e3f4a5b"',
    parts: [
      [
        "Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name=labels",
        '["fox","bus"]',
      ],
      [
        "Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name=multi_label",
        "False",
      ],
      ["Content-Disposition: form-data; name=image; filename=fox.png; filename*=utf-8''fox.png", fox],
    ],
  });
  add("Java, Apache HttpClient", "a transfer encoding for each part", {
    boundary: "WUezDHp7ZT4FYkX2AMkTv0m6bQY8gTqfM",
    parts: [
      [
        `${field("labels")}\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: 8bit`,
        '["fox","bus"]',
      ],
      [
        `${file("image", "fox.png", "")}\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary`,
        fox,
      ],
    ],
  });
  add("Go", "`CreateFormFile`", {
    boundary: "c0ffee5d1f2e3a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9a0b",
    parts: [labels, [file("image", "fox.png", "\r\nContent-Type: application/octet-stream"), fox]],
  });

  add("browser", "a file input that was left empty, beside one that was not", {
    boundary: "----WebKitFormBoundary7MA4YWxkTrZu0gW",
    parts: [
      [file("image", "", "\r\nContent-Type: application/octet-stream"), ""],
      [file("file"), fox],
      labels,
    ],
  });
  add(
    "browser",
    "no picture chosen at all",
    {
      parts: [[file("image", "", "\r\nContent-Type: application/octet-stream"), ""], labels],
    },
    { status: 400, code: "missing_field", param: "images" },
  );
  add("browser", "a textarea of lines, a checked box, inputs left empty", {
    parts: [
      picture,
      [field("labels"), "fox\r\nbus\r\n"],
      [field("multi_label"), "on"],
      [field("top_k"), ""],
      [field("model"), ""],
    ],
  });
  add("browser", "a row of inputs for labels, some left empty; empty templates", {
    parts: [
      picture,
      [field("labels"), "fox"],
      [field("labels"), ""],
      [field("labels"), "bus"],
      [field("labels"), " "],
      [field("templates"), ""],
    ],
  });
  add(
    "browser",
    "a textarea of labels that was left empty",
    { parts: [picture, [field("labels"), ""]] },
    { status: 400, code: "missing_field", param: "labels" },
  );
  add(
    "browser",
    "a file that is empty",
    { parts: [[file("image", "empty.png"), ""], labels] },
    { status: 400, code: "invalid_image", param: "images[0]" },
  );
  add("Postman", "base64 as text, with white space around it", {
    boundary: "--------------------------514683591827364509182736",
    parts: [
      [field("image"), ` ${Buffer.from(fox).toString("base64")}\n`],
      [field("labels"), "fox, bus"],
      [field("top_k"), " 2 "],
    ],
  });

  add("mail software", "a preamble and an epilogue", {
    preamble: "This is a message with multiple parts in MIME format.\r\n",
    parts: [picture, labels],
    epilogue: "bye",
  });
  cases.push({
    client: "a hand-written client",
    habit: "an empty line before the first boundary",
    path: "/v1/classify",
    contentType: "multipart/form-data; boundary=X",
    body: leadingCrlf,
    labels: both,
    status: 200,
  });
  add(
    "any",
    "`texts=a fox,a bus` on similarity",
    {
      path: "/v1/similarity",
      parts: [picture, [field("texts"), "a fox,a bus"]],
    },
    { labels: ["a fox", "a bus"] },
  );
  add(
    "any",
    "a word for a number",
    { parts: [picture, labels, [field("top_k"), "many"]] },
    { status: 400, code: "invalid_type", param: "top_k" },
  );
  return cases;
}
