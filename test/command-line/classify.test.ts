/** The package `edgeclip-classify`, on a folder of pictures, against real Workers. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Outcome, runNode } from "../support/run-node.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

const ROOT = join(import.meta.dirname, "../..");
const EXAMPLES = join(ROOT, "examples");
const COMMAND = join(ROOT, ".generated/edgeclip-classify/edgeclip-classify.js");
const LABELS = "fox,bus,grapes";

let workers: Workers;
let folder: string;
let pictures: string;
let names: string[];

beforeAll(async () => {
  workers = await startWorkers();
  folder = await mkdtemp(join(tmpdir(), "edgeclip-classify-"));
  pictures = join(folder, "pictures");
  await mkdir(join(pictures, "more"), { recursive: true });
  names = (await readdir(EXAMPLES)).filter((file) => file.endsWith(".png"));
  for (const [index, file] of names.entries()) {
    await copyFile(join(EXAMPLES, file), join(pictures, index % 2 === 0 ? file : `more/${file}`));
  }
  await writeFile(join(pictures, "notes.txt"), "no picture");
});

afterAll(async () => {
  await workers.dispose();
  await rm(folder, { recursive: true });
});

/** Runs it in an empty folder, as somebody without this repository does. */
async function classify(typed: readonly string[], url = workers.url): Promise<Outcome> {
  return await runNode([COMMAND, ...typed, "--url", url], { cwd: folder });
}

it("writes a row for each picture of a folder, in order", async () => {
  const { code, stdout, stderr } = await classify(["pictures", "--labels", LABELS, "--csv"]);
  expect(stderr).toBe(`${names.length} of ${names.length} pictures, 0 of them refused\n`);
  expect(code).toBe(0);
  const [head, ...rows] = stdout.trimEnd().split("\n");
  expect(head).toBe("file,prediction,score,none_score,error");
  expect(rows).toHaveLength(names.length);
  const files = rows.map((row) => row.split(",")[0] ?? "");
  expect(files).toEqual(files.toSorted());
  const fox = rows.find((row) => basename(row.split(",")[0] ?? "") === "fox.png");
  expect(fox).toMatch(/,fox,0\.\d+,,$/);
});

it("goes on with a file that an ended run has left, and tries refused pictures again", async () => {
  const out = join(folder, "rows.jsonl");
  const damaged = join(pictures, 'a "strange, name".png');
  await writeFile(damaged, "not a picture");
  const typed = ["pictures", "--labels", LABELS, "--none", "--out", out];
  const first = await classify(typed);
  expect(first.code).toBe(3);
  expect(first.stderr).toBe(`${names.length + 1} of ${names.length + 1} pictures, 1 of them refused\n`);
  const whole = await readFile(out, "utf8");
  expect(whole.split("\n")[0]).toContain('"error":"');
  // As if the run had been ended in the middle of a line.
  await truncate(out, whole.length - 20);
  await copyFile(join(EXAMPLES, "fox.png"), damaged);
  const again = await classify(typed);
  expect(again).toMatchObject({ code: 0, stdout: "" });
  const rows = (await readFile(out, "utf8"))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { file: string; prediction: string; none_score: number });
  expect(rows).toHaveLength(names.length + 1);
  expect(new Set(rows.map(({ file }) => file)).size).toBe(names.length + 1);
  for (const row of rows) expect(row.none_score).toBeGreaterThanOrEqual(0);
  await rm(damaged);
});

it("goes on with CSV, whatever the pictures are called", async () => {
  const out = join(folder, "rows.csv");
  const strange = join(pictures, 'one\n"two", three.png');
  await copyFile(join(EXAMPLES, "fox.png"), strange);
  const typed = ["pictures", "--labels", LABELS, "--out", out];
  expect((await classify(typed)).code).toBe(0);
  const whole = await readFile(out, "utf8");
  expect((await classify(typed)).code).toBe(0);
  expect(await readFile(out, "utf8")).toBe(whole);
  await rm(strange);
});

it("goes on past files that cannot be read", async () => {
  const odd = join(folder, "odd");
  await mkdir(join(odd, "folder.png"), { recursive: true });
  await copyFile(join(EXAMPLES, "fox.png"), join(odd, "fox.png"));
  await symlink("nowhere", join(odd, "a-link.png"));
  await writeFile(join(odd, "b-huge.png"), "");
  // Takes no room on the disk.
  await truncate(join(odd, "b-huge.png"), 3_000_000_000);
  const { code, stdout } = await classify(["odd", "--labels", LABELS, "--csv"]);
  expect(code).toBe(3);
  const [, link, huge, fox] = stdout.trimEnd().split("\n");
  expect(link).toMatch(/^odd\/a-link\.png,,,,.*no such file/);
  expect(huge).toMatch(/^odd\/b-huge\.png,,,,.*more than 64 MB/);
  expect(fox).toMatch(/^odd\/fox\.png,fox,0\.\d+,,$/);
  expect(stdout.trimEnd().split("\n")).toHaveLength(4);
});

it.each([
  ["notes.csv", "all that I know"],
  ["quoted.csv", 'a "quote that does not end\nand more\n'],
  ["notes.jsonl", "all that I know"],
  ["list.jsonl", '["file"]'],
])("leaves %s alone, which it did not write", async (name, text) => {
  const out = join(folder, name);
  await writeFile(out, text);
  const { code, stderr } = await classify(["pictures", "--labels", LABELS, "--out", out]);
  expect([code, await readFile(out, "utf8")]).toEqual([1, text]);
  expect(stderr).toContain("something else in it");
});

it.each([
  ["cut.csv", "file,pred"],
  ["cut.jsonl", '{"file":"pict'],
  ["empty.jsonl", ""],
])("goes on with %s, of a run that was ended at once", async (name, text) => {
  const out = join(folder, name);
  await writeFile(out, text);
  expect((await classify(["pictures/fox.png", "--labels", LABELS, "--out", out])).code).toBe(0);
  expect(await readFile(out, "utf8")).toContain("pictures/fox.png");
});

it("does not look for hidden files, but takes one that is named", async () => {
  const odd = join(folder, "hidden");
  await mkdir(join(odd, ".thumbnails"), { recursive: true });
  for (const name of ["fox.png", "._fox.png", ".thumbnails/fox.png"]) {
    await copyFile(join(EXAMPLES, "fox.png"), join(odd, name));
  }
  const { stdout } = await classify(["hidden", "hidden/._fox.png", "--labels", LABELS]);
  expect(stdout.trimEnd().split("\n")).toEqual(
    ["hidden/fox.png", "hidden/._fox.png"].map((name) => expect.stringContaining(`${name}  fox  0.`)),
  );
});

it("writes a row on one line for people, whatever the picture is called", async () => {
  const odd = join(folder, "lines");
  await mkdir(odd);
  await copyFile(join(EXAMPLES, "fox.png"), join(odd, "one\ntwo\u001b[2J\u202egnp.png"));
  const { stdout } = await classify(["lines", "--labels", LABELS]);
  expect(stdout).toMatch(/^lines\/one\\u000atwo\\u001b\[2J\\u202egnp\.png {2}fox {2}0\.\d+\n$/);
});

it("says at once that there is no service", async () => {
  const began = performance.now();
  const { code, stderr } = await classify(["pictures", "--labels", LABELS], "http://127.0.0.1:9");
  expect(stderr).toMatch(/^nothing answers at http:\/\/127\.0\.0\.1:9 \(.+\): .*--url\n$/);
  expect(code).toBe(1);
  expect(performance.now() - began).toBeLessThan(10_000);
});

it.each(["--csv", "--jsonl"])("ends without a word when nobody reads on, as in %s | head", async (format) => {
  const typed = [COMMAND, "pictures", "--labels", LABELS, format, "--url", workers.url];
  const child = spawn(process.execPath, typed, { cwd: folder });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  child.stdout.once("data", () => child.stdout.destroy());
  const [code] = (await once(child, "close")) as [number];
  expect([code, stderr]).toEqual([141, ""]);
});

it("waits when the service asks for it", async () => {
  let refusals = 0;
  const busy: Server = createServer((request, response) => {
    if (request.url === "/healthz") {
      response.end();
      return;
    }
    request.resume().on("end", () => {
      response.writeHead(++refusals < 3 ? 429 : 401, {
        "content-type": "application/json",
        "retry-after": "0",
      });
      response.end('{"error":{"message":"this key is not known"}}');
    });
  });
  await new Promise<void>((resolve) => busy.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(busy.address() as AddressInfo).port}`;
  const { code, stderr } = await classify(["pictures/fox.png", "--labels", LABELS], url);
  busy.close();
  expect(refusals).toBe(3);
  expect(code).toBe(1);
  expect(stderr).toContain("this key is not known");
});

it("knows a picture again, however its path was typed", async () => {
  const out = join(folder, "typed.csv");
  const typed = ["--labels", LABELS, "--out", out];
  expect((await classify(["pictures/fox.png", ".//pictures/./fox.png", ...typed])).code).toBe(0);
  const again = await classify(["./pictures/fox.png", ...typed]);
  expect(again.stderr).toBe("1 of 1 pictures, 0 of them refused\n");
  expect((await readFile(out, "utf8")).match(/fox\.png/g)).toHaveLength(1);
});

it("writes the format of a flag to a file with another ending", async () => {
  const out = join(folder, "rows.txt");
  expect((await classify(["pictures/fox.png", "--labels", LABELS, "--jsonl", "--out", out])).code).toBe(0);
  expect(await readFile(out, "utf8")).toMatch(/^\{"file":"pictures\/fox\.png"/);
});

it.each([
  [
    ["pictures", "--labels", "a,b", "--csv", "--out", "x.jsonl"],
    2,
    "--csv contradicts the ending of --out x.jsonl",
  ],
  [
    ["pictures", "--labels", "a,b", "--jsonl", "--out", "x.CSV"],
    2,
    "--jsonl contradicts the ending of --out x.CSV",
  ],
  [["pictures"], 2, "give --labels or --label-set"],
  [["pictures", "--labels", "a", "--label-set", "b"], 2, "give --labels or --label-set"],
  [["pictures", "--labels", "a,b", "--concurrency", "0"], 2, "--concurrency is a whole number"],
  [["nothing-here", "--labels", "a,b"], 1, "there is no file or folder nothing-here"],
  [["--labels", "a,b"], 2, "usage: edgeclip-classify <folder or picture>"],
  [["pictures", "--label-set", "no-such-set"], 1, "no-such-set"],
  [["pictures", "--labels", "fox,fox"], 1, "the same label"],
])("%s ends with code %i", async (typed, code, message) => {
  const outcome = await classify(typed);
  expect(outcome.stderr).toContain(message);
  expect(outcome.code).toBe(code);
});
