/** Pictures uploaded in forms: they reach the decoder as they arrive, however the body is divided into pieces. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { peakMemory } from "../../support/memory/peak-memory.ts";
import { startWorkers, type Workers } from "../../support/workers.ts";
import { noiseBmp } from "../../support/write-bmp.ts";
import { random } from "../../support/random.ts";

const EXAMPLES = join(import.meta.dirname, "../../../examples");
/** Largest memory allowed for an isolate. */
const LIMIT_BYTES = 120_000_000;

let workers: Workers;
let fox: Uint8Array<ArrayBuffer>;

beforeAll(async () => {
  workers = await startWorkers();
  fox = Uint8Array.from(await readFile(join(EXAMPLES, "fox.png")));
});

afterAll(async () => {
  await workers.dispose();
});

interface Reply {
  status: number;
  // The answers have many shapes.
  // oxlint-disable-next-line typescript/no-explicit-any
  body: any;
}

async function send(body: BodyInit, headers: Record<string, string> = {}): Promise<Reply> {
  const init = { method: "POST", body, headers, duplex: "half" } as RequestInit;
  const response = await fetch(`${workers.url}/v1/classify`, init);
  return { status: response.status, body: await response.json() };
}

/** A form as bytes, with unusual headers that clients may send. */
function rawForm(
  parts: [headers: Uint8Array | string, content: Uint8Array | string][],
  boundary = "b",
): Buffer {
  return Buffer.concat([
    ...parts.flatMap(([headers, content]) => [
      Buffer.from(`--${boundary}\r\n`),
      Buffer.from(headers),
      Buffer.from("\r\n\r\n"),
      Buffer.from(content),
      Buffer.from("\r\n"),
    ]),
    Buffer.from(`--${boundary}--\r\n`),
  ]);
}

const IMAGE = 'content-disposition: form-data; name="image"; filename="a"';
const LABELS = 'content-disposition: form-data; name="labels"';
const FORM = { "content-type": "multipart/form-data; boundary=b" };

async function* inPieces(bytes: Uint8Array, lengths: Iterable<number>): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (const length of lengths) {
    if (at >= bytes.length) return;
    yield bytes.subarray(at, at + length);
    at += length;
    await sleep(1);
  }
}

describe("a form", () => {
  it.each([1, 2, 3, 4])("cut anywhere is the same form (seed %i)", async (seed) => {
    const next = random(seed);
    const tail = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1];
    const cuts = Array.from({ length: 60 }, () => 1 + Math.floor(next() * 2 ** (2 + next() * 9)));
    const form = rawForm([
      [IMAGE, fox],
      [LABELS, '["fox","bus"]'],
    ]);
    const rest = Math.max(1, form.length - cuts.reduce((sum, cut) => sum + cut, 0) - tail.length);
    const stream = inPieces(form, [...cuts, rest, ...tail, form.length]);
    const { status, body } = await send(stream as unknown as BodyInit, FORM);
    expect(body).toMatchObject({ data: [{ prediction: "fox" }] });
    expect(status).toBe(200);
  });

  it.each([
    ["a quoted boundary", 'multipart/form-data; charset=utf-8; boundary="b"', IMAGE],
    [
      "another case",
      "Multipart/Form-Data; BOUNDARY=b",
      IMAGE.replace("content-disposition", "CONTENT-Disposition"),
    ],
    [
      "a picture without a name",
      FORM["content-type"],
      'content-disposition: form-data; name="image"\r\ncontent-type: image/png',
    ],
  ])("may have %s", async (_, type, image) => {
    const form = rawForm([
      [LABELS, "fox"],
      [LABELS, "bus"],
      [image, fox],
    ]);
    const { body } = await send(form, { "content-type": type });
    expect(body).toMatchObject({ data: [{ prediction: "fox" }] });
  });

  it("may end in an epilogue", async () => {
    const form = rawForm([
      [IMAGE, fox],
      [LABELS, '["fox","bus"]'],
    ]);
    const stream = inPieces(Buffer.concat([form, Buffer.from("bye")]), [form.length, 3]);
    expect((await send(stream as unknown as BodyInit, FORM)).status).toBe(200);
  });

  it("may mix files, base64 and texts for pictures", async () => {
    const form = new FormData();
    form.append("image", new Blob([fox]), "fox.png");
    form.append("image", Buffer.from(await readFile(join(EXAMPLES, "dress.png"))).toString("base64"));
    form.append("labels", '["fox","dress"]');
    form.append("top_k", "1");
    const { body } = await send(form);
    expect(body.data.map((row: { prediction: string }) => row.prediction)).toEqual(["fox", "dress"]);
    expect(body.data[0].predictions).toHaveLength(1);
  });

  it.each([
    ["is cut short", rawForm([[IMAGE, "x"]]).subarray(0, -8), 400, "invalid_type", null],
    [
      "has a part without a name",
      rawForm([["content-disposition: form-data", "x"]]),
      400,
      "invalid_type",
      null,
    ],
    ["has headers without end", rawForm([[`x: ${"y".repeat(20_000)}`, "x"]]), 400, "invalid_type", null],
    [
      "has a field that is not UTF-8",
      rawForm([[LABELS, Buffer.from([0xff, 0xfe])]]),
      400,
      "invalid_type",
      null,
    ],
    [
      "has headers that are not UTF-8",
      rawForm([[Buffer.from(IMAGE.replace('"a"', '"caf\xe9"'), "latin1"), "x"]]),
      400,
      "invalid_type",
      null,
    ],
    ["has a file for labels", rawForm([[`${LABELS}; filename="a"`, "x"]]), 400, "invalid_type", "labels"],
    [
      "has an empty picture",
      rawForm([
        [IMAGE, ""],
        [LABELS, "fox"],
      ]),
      400,
      "invalid_image",
      "images[0]",
    ],
    [
      "has 17 pictures",
      rawForm(Array.from({ length: 17 }, (_, i) => [IMAGE, `${i}`])),
      400,
      "too_many_items",
      "images[16]",
    ],
    ["has fields of 5 MB", rawForm([[LABELS, "x".repeat(5e6)]]), 413, "request_too_large", null],
    [
      "has 20,001 parts",
      rawForm(Array.from({ length: 20_001 }, () => [LABELS, "x"])),
      400,
      "invalid_type",
      null,
    ],
  ] as [string, Buffer, number, string, string | null][])(
    "that %s is refused",
    async (_, form, status, code, param) => {
      const reply = await send(form, FORM);
      expect(reply.body.error).toMatchObject({ code, param });
      expect(reply.status).toBe(status);
    },
  );

  it("that is refused does not affect the next one", async () => {
    const broken = rawForm([
      [IMAGE, fox],
      [LABELS, Buffer.from([0xff])],
    ]);
    for (let i = 0; i < 20; i++) expect((await send(broken, FORM)).status).toBe(400);
    const form = rawForm([
      [IMAGE, fox],
      [LABELS, '["fox","bus"]'],
    ]);
    expect((await send(form, FORM)).status).toBe(200);
  });
});

describe("four of the largest uploads at once", () => {
  it("are all answered, and no isolate holds too much", { timeout: 120_000 }, async () => {
    const forms = [1, 2, 3, 4].map((seed) => {
      const form = new FormData();
      for (let i = 0; i < 3; i++)
        form.append("image", new Blob([noiseBmp(2580, 2580, 10 * seed + i)]), "a.bmp");
      form.append("image", new Blob([noiseBmp(1160, 1160, 10 * seed + 9)]), "a.bmp");
      form.append("labels", '["noise","bus"]');
      return form;
    });
    let replies: Reply[] = [];
    const peaks = await peakMemory(workers, async () => {
      replies = await Promise.all(forms.map((form) => send(form)));
    });
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    for (const { body } of replies) expect(body.data).toHaveLength(4);
    for (const [name, { total }] of peaks) expect(total, name).toBeLessThanOrEqual(LIMIT_BYTES);
  });

  it("also as base64 in JSON", { timeout: 120_000 }, async () => {
    const bodies = [5, 6, 7, 8].map((seed) => {
      const image = Buffer.from(noiseBmp(2000, 1990, seed)).toString("base64");
      return JSON.stringify({ image, labels: ["noise", "🚌"] });
    });
    let replies: Reply[] = [];
    const peaks = await peakMemory(workers, async () => {
      replies = await Promise.all(bodies.map((body) => send(body, { "content-type": "application/json" })));
    });
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    for (const [name, { total }] of peaks) expect(total, name).toBeLessThanOrEqual(LIMIT_BYTES);
  });
});
