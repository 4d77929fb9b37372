/** The programs of the documents, as they are written, print what the documents say. */
import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startWorkers, type Workers } from "../support/workers.ts";
import { type ClaimedBlock, localBlocks, MARK } from "./claims.ts";
import { ROOT } from "./markdown.ts";

/** In this order, because folders are labelled with a set that is stored before. */
const DOCUMENTS = ["label-sets.md", "forms.md", "folders.md", "vector-stores.md", "thresholds.md"];

let workers: Workers;
/** A folder as that of this project, where a program may leave files. */
let folder: string;

beforeAll(async () => {
  workers = await startWorkers();
  folder = await mkdtemp(join(tmpdir(), "edgeclip-documents-"));
  await cp(join(ROOT, "examples"), join(folder, "examples"), { recursive: true });
  for (const name of ["test", "node_modules"]) await symlink(join(ROOT, name), join(folder, name));
});

afterAll(async () => {
  await workers.dispose();
  await rm(folder, { recursive: true });
});

/** `npm run [-s] <command> -- …` with the tests' service. */
const NPM = `
npm() {
  shift
  if [ "$1" = -s ]; then shift; fi
  local command=$1
  shift 2
  "$NODE" "$ROOT/scripts/$command/$command.ts" "$@" --url "$URL"
}`;

/** @returns what is printed before each claim */
async function printed({ language, program }: ClaimedBlock): Promise<string[]> {
  const text = program.replaceAll("http://localhost:8787", workers.url);
  const env = { ...process.env, NODE: process.execPath, ROOT, URL: workers.url };
  const run = promisify(execFile);
  if (language === "shell") {
    const script = `set -eu -o pipefail${NPM}\n${text}`;
    return (await run("bash", ["-c", script], { cwd: folder, env })).stdout.split(MARK);
  }
  const file = join(folder, "program.mjs");
  await writeFile(file, text);
  return (await run(process.execPath, [file], { cwd: join(folder, "examples"), env })).stdout.split(MARK);
}

describe.each(DOCUMENTS)("docs/%s", async (name) => {
  const text = await readFile(join(ROOT, "docs", name), "utf8");
  const blocks = localBlocks(text);

  it("says of each program without gaps what it prints", () => {
    expect(blocks.some(({ claims }) => claims.length > 0)).toBe(true);
    const silent = blocks.filter(({ claims, hasGaps }) => claims.length === 0 && !hasGaps);
    expect(silent.map(({ program }) => program)).toEqual([]);
  });

  it.each(blocks.filter(({ claims }) => claims.length > 0))("$claims", async (block) => {
    const parts = await printed(block);
    for (const [index, claim] of block.claims.entries()) expect(parts[index]).toContain(claim);
  });
});

it("no other document claims what is not tried", async () => {
  const others = (await readdir(join(ROOT, "docs"))).filter(
    (name) => name.endsWith(".md") && !DOCUMENTS.includes(name),
  );
  for (const name of others) {
    const text = await readFile(join(ROOT, "docs", name), "utf8");
    expect(/^(?:#|\/\/) → /m.test(text), name).toBe(false);
  }
});
