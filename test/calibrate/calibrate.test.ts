/**
 * `npm run calibrate` on held-out pictures: what it prints is what the API answers, and the values that it suggests do
 * what it says when they are sent.
 */
import { copyFile, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import evaluation from "../fixtures/eval/eval.json" with { type: "json" };
import { post } from "../support/post.ts";
import { type Outcome, runNode } from "../support/run-node.ts";
import { request } from "../support/send-request.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

const ROOT = join(import.meta.dirname, "../..");
const TEMPLATE = "a picture of {}";
/** Each picture has a label of its own. */
const ITEMS = evaluation.items.slice(0, 48);
const LABELS = ITEMS.map(({ label }) => label).toSorted();
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47]);

let workers: Workers;
let folder: string;
let pictures: string;

beforeAll(async () => {
  workers = await startWorkers();
  folder = await mkdtemp(join(tmpdir(), "edgeclip-calibrate-"));
  pictures = join(folder, "pictures");
  for (const { file, label } of ITEMS) {
    await mkdir(join(pictures, label), { recursive: true });
    await copyFile(join(ROOT, "test/fixtures/eval", file), join(pictures, label, file));
  }
  // Neither of these is a picture of its label; the first cannot be read, the second is not sent.
  await writeFile(join(pictures, LABELS[0] ?? "", "broken.png"), "no picture");
  await writeFile(join(pictures, LABELS[0] ?? "", "notes.txt"), "notes");
});

afterAll(async () => {
  await workers.dispose();
  await rm(folder, { recursive: true });
});

async function calibrate(...typed: string[]): Promise<Outcome> {
  const parameters = [
    "scripts/calibrate/calibrate.ts",
    "--url",
    workers.url,
    "--out",
    join(folder, "plots"),
    ...typed,
  ];
  return await runNode(parameters, { env: { EDGECLIP_API_KEY: undefined } });
}

interface Row {
  prediction: string | null;
  score: number | null;
}

/** The answer for each picture. */
async function classify(fields: object, without?: (label: string) => string): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { file, label } of ITEMS) {
    const image = (await readFile(join(ROOT, "test/fixtures/eval", file))).toString("base64");
    const labels = without === undefined ? LABELS : LABELS.filter((each) => each !== without(label));
    const answer = await post(`${workers.url}/v1/classify`, {
      image,
      labels,
      templates: TEMPLATE,
      ...fields,
    });
    rows.push(answer.body.data[0] as Row);
  }
  return rows;
}

function isRight({ prediction }: Row, index: number): boolean {
  return prediction === ITEMS[index]?.label;
}

describe("calibrate", () => {
  let exitCode: number;
  let stdout: string;
  let stderr: string;
  let plain: Row[];

  beforeAll(async () => {
    const outcome = await calibrate(pictures, "--template", TEMPLATE, "--precision", "95", "--refused", "5");
    ({ code: exitCode, stdout, stderr } = outcome);
    plain = await classify({});
  });

  it("prints the accuracy, and draws", async () => {
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(/^[^\n]*broken\.png is left out: images[^\n]*\n$/);
    const right = plain.filter((row, index) => isRight(row, index)).length;
    expect(stdout).toContain(`${LABELS.length} labels, ${ITEMS.length} pictures`);
    expect(stdout).toContain(`accuracy ${((100 * right) / ITEMS.length).toFixed(1)} %`);
    expect(stdout).toMatch(/min_score {3}kept {3}precision {3}recall/);
    for (const plot of ["thresholds.png", "none.png"]) {
      const bytes = await readFile(join(folder, "plots", plot));
      expect(bytes.subarray(0, 4)).toEqual(PNG);
    }
  });

  it("suggests a min_score that keeps the precision", async () => {
    const minScore = Number(/"min_score": ([\d.]+)/.exec(stdout)?.[1]);
    expect(minScore).toBeGreaterThan(0);
    const kept = (await classify({ min_score: minScore })).map((row, index) => ({ row, index }));
    const some = kept.filter(({ row }) => row.prediction !== null);
    expect(some.length).toBeGreaterThan(0);
    expect(some.filter(({ row, index }) => isRight(row, index)).length / some.length).toBeGreaterThanOrEqual(
      0.95,
    );
    const share = `keeps ${((100 * some.length) / ITEMS.length).toFixed(1)} %`;
    expect(stdout).toContain(share);
  });

  it.each([
    ["none", /"none": (\{"bias": -?[\d.]+\}): no label for ([\d.]+) %/],
    ["min_similarity", /"min_similarity": (-?[\d.]+): no label for ([\d.]+) %/],
  ])("suggests a value of %s that refuses few, and does what it says", async (field, line) => {
    const [, json = "", none] = line.exec(stdout) ?? [];
    const fields = { [field]: JSON.parse(json) as unknown };
    const wereRight = plain.map((row, index) => isRight(row, index));
    const after = await classify(fields);
    const refused = after.filter(({ prediction }, index) => wereRight[index] && prediction === null).length;
    expect(refused / wereRight.filter(Boolean).length).toBeLessThanOrEqual(0.05);
    const absent = await classify(fields, (label) => label);
    const without = absent.filter(({ prediction }) => prediction === null).length;
    expect(((100 * without) / ITEMS.length).toFixed(1)).toBe(none);
  });

  it("takes a stored set, and pictures that no label fits", async () => {
    const labels = [...LABELS, "one label more"];
    const set = await request("POST", `${workers.url}/v1/label_sets`, { labels, templates: TEMPLATE });
    const others = join(ROOT, "examples");
    const outcome = await calibrate(
      pictures,
      "--label-set",
      set.body.id,
      "--others",
      others,
      "--none",
      "an icon",
    );
    expect(outcome.code, outcome.stderr).toBe(3);
    expect(outcome.stdout).toContain(`${labels.length} labels, ${ITEMS.length} pictures`);
    const other = await request("POST", `${workers.url}/v1/label_sets`, { labels: ["fox", "bus"] });
    const refused = await calibrate(pictures, "--label-set", other.body.id);
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringContaining("the label set has no label"),
    ]);
  });

  it("waits when the service asks for it", async () => {
    const asked: string[] = [];
    const busy = createServer((incoming, response) => {
      incoming.resume().on("end", () => {
        asked.push(incoming.url ?? "");
        const isBusy = asked.filter((path) => path === "/v1/classify").length < 3;
        response.writeHead(incoming.url === "/healthz" ? 200 : isBusy ? 429 : 401, { "retry-after": "0" });
        response.end('{"error":{"message":"this key is not known"}}');
      });
    });
    await new Promise<void>((resolve) => busy.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(busy.address() as AddressInfo).port}`;
    const outcome = await calibrate(pictures, "--url", url);
    busy.close();
    expect(asked).toEqual(["/healthz", "/v1/classify", "/v1/classify", "/v1/classify"]);
    expect([outcome.code, outcome.stderr]).toEqual([1, expect.stringContaining("this key is not known")]);
  });

  it("leaves out what a proxy does not take, and sends the others in smaller requests", async () => {
    const two = join(folder, "two");
    for (const name of ["fox", "moon"]) {
      await mkdir(join(two, name), { recursive: true });
      for (const copy of ["a.png", "b.png"])
        await copyFile(join(ROOT, "examples", `${name}.png`), join(two, name, copy));
    }
    const large = join(two, "fox", "large.png");
    await copyFile(join(ROOT, "examples/fox.png"), large);
    await truncate(large, 100_000);
    const proxy = createServer((incoming, response) => {
      void (async () => {
        const body = await buffer(incoming);
        const { method = "", headers } = incoming;
        const type = { "content-type": headers["content-type"] ?? "" };
        const answer =
          body.length > 50_000
            ? new Response("<h1>413 Request Entity Too Large</h1>", { status: 413 })
            : await fetch(
                workers.url + incoming.url,
                method === "GET" ? {} : { method, headers: type, body },
              );
        response.writeHead(answer.status).end(await answer.text());
      })();
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const outcome = await calibrate(
      two,
      "--url",
      `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    );
    proxy.close();
    expect(outcome.stderr).toMatch(/^\S+large\.png is left out: classify answers 413: <h1>413 [^\n]*\n$/);
    expect(outcome.stdout).toContain("2 labels, 4 pictures");
    expect(outcome.code).toBe(3);
  });

  it.each([
    ["a folder that is not there", ["nowhere"], 2, "cannot be read"],
    ["a folder without subfolders", [join(ROOT, "examples")], 2, "at least two subfolders"],
    ["a share over 100", ["nowhere", "--refused", "101"], 2, "--refused is a whole number from 0 to 100"],
    ["a service that does not answer", ["PICTURES", "--url", "http://127.0.0.1:9"], 1, "nothing answers at"],
    ["a model that is not served", ["PICTURES", "--model", "x"], 1, "classify answers 404: "],
  ])("ends with a message for %s", async (_, typed, code, message) => {
    const outcome = await calibrate(...typed.map((each) => (each === "PICTURES" ? pictures : each)));
    expect([outcome.code, outcome.stderr]).toEqual([code, expect.stringContaining(message)]);
    expect(outcome.stderr).not.toMatch(/\n\s+at /);
  });
});
