/**
 * Tests the recipes of docs/retrieval.md: with a vector store every example picture is found by its name and by itself;
 * Vectorize is asked in its own words.
 */
import { copyFile, mkdir, mkdtemp, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { EdgeclipClient } from "../../scripts/retrieval/edgeclip-client.ts";
import type { IndexedFile } from "../../scripts/retrieval/picture-index.ts";
import { StoreIndex } from "../../scripts/retrieval/store-index.ts";
import { VectorizeIndex } from "../../scripts/retrieval/vectorize-index.ts";
import { pictureType } from "../../scripts/service/picture-files.ts";
import { runNode } from "../support/run-node.ts";
import { request } from "../support/send-request.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

const EXAMPLES = join(import.meta.dirname, "../../examples");

/** What `badFiles` are refused for. */
const REFUSALS = [/^broken\.png: \w+\[\d\]: not a picture/, /^gone\.png: ENOENT/];

let folder: string;
let files: IndexedFile[];
let workers: Workers;
let client: EdgeclipClient;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgeclip-retrieval-"));
  const names = (await readdir(EXAMPLES)).filter((file) => pictureType(file) !== undefined);
  files = names.map((id) => ({ id, path: join(EXAMPLES, id) }));
  workers = await startWorkers();
  client = new EdgeclipClient({ url: workers.url, key: undefined });
});

afterAll(async () => {
  await workers.dispose();
  await rm(folder, { recursive: true });
});

function unexpected({ id }: IndexedFile, reason: string): void {
  throw new Error(`${id} is refused: ${reason}`);
}

async function badFiles(): Promise<IndexedFile[]> {
  await writeFile(join(folder, "broken.png"), "no picture");
  return ["broken.png", "gone.png"].map((id) => ({ id, path: join(folder, id) }));
}

describe("retrieval with a vector store", () => {
  it("finds pictures by words and by pictures, and indexing twice changes nothing", async () => {
    const index = new StoreIndex(client, "pictures");
    for (const _ of [1, 2]) await index.add(files, unexpected);
    const stores = await request("GET", `${workers.url}/v1/vector_stores`);
    expect(stores.body.data).toMatchObject([{ name: "pictures", file_counts: { total: files.length } }]);
    let [firsts, found] = [0, 0];
    for (const { id, path } of files) {
      const name = basename(id, ".png").replaceAll(/[-_]/g, " ");
      const byText = await index.search({ text: `a photo of a ${name}.` }, 3);
      expect(byText).toHaveLength(3);
      if (byText[0]?.id === id) firsts += 1;
      if (byText.some((match) => match.id === id)) found += 1;
      const [itself] = await index.search({ path }, 1);
      expect(itself?.id).toBe(id);
      expect(itself?.score).toBeCloseTo(1, 2);
    }
    // The demonstration model finds 7 of the 12 pictures first by their names, and 11 among the first three. One
    // picture depends on the engine.
    expect(firsts).toBeGreaterThanOrEqual(6);
    expect(found).toBeGreaterThanOrEqual(10);
  });

  it("replaces a picture that has changed", async () => {
    const index = new StoreIndex(client, "changing");
    const path = join(folder, "one.png");
    for (const [step, name] of ["fox.png", "moon.png"].entries()) {
      await copyFile(join(EXAMPLES, name), path);
      await index.add([{ id: "one.png", path }], unexpected);
      const found = await index.search({ path: join(EXAMPLES, name) }, 5);
      expect(found, String(step)).toEqual([{ id: "one.png", score: expect.closeTo(1, 2) }]);
    }
  });

  it("leaves out what is no picture or cannot be read, and adds the others", async () => {
    const bad = await badFiles();
    const refused: string[] = [];
    const index = new StoreIndex(client, "with bad files");
    const [first, second] = files;
    await index.add([bad[0]!, first!, bad[1]!, second!], ({ id }, reason) =>
      refused.push(`${id}: ${reason}`),
    );
    expect(refused).toEqual(REFUSALS.map((reason) => expect.stringMatching(reason)));
    const found = await index.search({ text: "a picture" }, 10);
    expect(found.map(({ id }) => id).toSorted()).toEqual([first!.id, second!.id].toSorted());
  });

  it("as a command tells what it left out, by its exit code too", async () => {
    const some = join(folder, "some");
    await mkdir(join(some, ".thumbnails"), { recursive: true });
    await copyFile(join(EXAMPLES, "fox.png"), join(some, "fox.png"));
    for (const name of ["broken.png", "._fox.png", ".thumbnails/fox.png"]) {
      await writeFile(join(some, name), "no picture");
    }
    const typed = ["scripts/retrieval/retrieval.ts", "index", some, "--url", workers.url, "--store", "some"];
    const { code, stdout, stderr } = await runNode(typed);
    expect([code, stdout]).toEqual([3, "1 of 2 pictures are in the index\n"]);
    expect(stderr).toMatch(/^\S+\/some\/broken\.png is left out: images\[0\]: not a picture .*\n$/);
  });

  it("as a command shows a name that would move the cursor or tear the line as its escapes", async () => {
    const odd = join(folder, "odd");
    await mkdir(odd);
    await copyFile(join(EXAMPLES, "fox.png"), join(odd, "fox\u001b[2J\n\u202egnp.png"));
    await writeFile(join(odd, "broken\u2028\u0007.png"), "no picture");
    const typed = ["--url", workers.url, "--store", "odd"];
    const added = await runNode(["scripts/retrieval/retrieval.ts", "index", odd, ...typed]);
    expect(added.stderr).toMatch(
      /^\S+\/odd\/broken\\u2028\\u0007\.png is left out: images\[0\]: not a picture .*\n$/,
    );
    const { stdout } = await runNode(["scripts/retrieval/retrieval.ts", "search", "a fox", ...typed]);
    expect(stdout).toMatch(/^\d\.\d{4} {2}fox\\u001b\[2J\\u000a\\u202egnp\.png\n$/);
    const nothing = await runNode(["scripts/retrieval/retrieval.ts", "index", "no\u001b[2Jthing", ...typed]);
    expect(nothing.stderr).toBe("there is no file or folder no\\u001b[2Jthing\n");
  });

  it("leaves out a path that is too long for the store, and adds the others", async () => {
    const index = new StoreIndex(client, "with long paths");
    const [first] = files;
    const long = ["x".repeat(513), "狐".repeat(350)].map((id) => ({ id, path: first!.path }));
    const longest = { id: "x".repeat(512), path: first!.path };
    const refused: string[] = [];
    await index.add([...long, longest], ({ id }, reason) => refused.push(`${id}: ${reason}`));
    expect(refused).toEqual(
      long.map(({ id }) => expect.stringContaining(`${id}: its path in the folder is no attribute: `)),
    );
    expect((await index.search({ text: "a picture" }, 10)).map(({ id }) => id)).toEqual([longest.id]);
  });

  it("without one says what to do", async () => {
    await expect(new StoreIndex(client, "none").search({ text: "a fox" }, 3)).rejects.toThrow(
      'there is no vector store "none"; index a folder first',
    );
  });
});

describe("Vectorize", () => {
  let server: Server;
  const asked: { url: string | undefined; type: string | undefined; body: string }[] = [];
  let stored: { id: string; values: number[] }[] = [];

  beforeAll(async () => {
    server = createServer((incoming, response) => {
      void (async () => {
        const body = await text(incoming);
        asked.push({ url: incoming.url, type: incoming.headers["content-type"], body });
        if (incoming.url?.endsWith("/upsert") === true) {
          stored = body.split("\n").map((line) => JSON.parse(line) as (typeof stored)[number]);
        }
        const good = incoming.headers.authorization === "Bearer token";
        const errors = good ? [] : [{ code: 1, message: "Authentication error" }];
        response.end(JSON.stringify({ success: good, errors, result: { matches: stored } }));
      })();
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    vi.stubEnv("CLOUDFLARE_API_BASE_URL", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });

  afterAll(() => {
    vi.unstubAllEnvs();
    server.close();
  });

  it("is asked in its own words, and what it finds is ranked exactly", async () => {
    const index = new VectorizeIndex(client, "pictures", { account: "a1", token: "token" });
    const [fox, moon] = ["fox.png", "moon.png"].map((id) => ({ id, path: join(EXAMPLES, id) }));
    const bad = await badFiles();
    const refused: string[] = [];
    await index.add([bad[0]!, moon!, bad[1]!, fox!], ({ id }, reason) => refused.push(`${id}: ${reason}`));
    expect(refused.toSorted()).toEqual(REFUSALS.map((reason) => expect.stringMatching(reason)));
    expect(stored.map(({ id }) => id)).toEqual(["moon.png", "fox.png"]);
    const [itself, other] = await index.search({ path: fox!.path }, 6);
    expect([itself?.id, other?.id]).toEqual(["fox.png", "moon.png"]);
    expect(itself?.score).toBeCloseTo(1, 5);
    expect(asked.map(({ url, type }) => [url, type])).toEqual([
      ["/accounts/a1/vectorize/v2/indexes/pictures/upsert", "application/x-ndjson"],
      ["/accounts/a1/vectorize/v2/indexes/pictures/query", "application/json"],
    ]);
    const { vector, ...query } = JSON.parse(asked[1]?.body ?? "") as { vector: number[] };
    expect(query).toEqual({ topK: 20, returnValues: true });
    expect(vector).toHaveLength(stored[0]?.values.length ?? 0);
  });

  it("is filled by requests that the API takes, and what no request can hold is left out", async () => {
    const large = join(folder, "large.png");
    await copyFile(join(EXAMPLES, "fox.png"), large);
    // Nobody reads what follows a PNG's end.
    await truncate(large, 1_000_000);
    const tooLarge = join(folder, "too-large.png");
    await copyFile(large, tooLarge);
    await truncate(tooLarge, 12_000_001);
    const longest = `${"狐".repeat(20)}.png`;
    const some = [
      { id: "too-large.png", path: tooLarge },
      { id: `x${longest}`, path: large },
      ...[longest, ...Array.from({ length: 15 }, (_, at) => `${at}.png`)].map((id) => ({ id, path: large })),
    ];
    const refused: string[] = [];
    const before = asked.length;
    const index = new VectorizeIndex(client, "pictures", { account: "a1", token: "token" });
    await index.add(some, ({ id }, reason) => refused.push(`${id}: ${reason}`));
    expect(refused.toSorted()).toEqual([
      "too-large.png: the file has more than 11.9 MB",
      `x${longest}: its path in the folder has more than 64 bytes`,
    ]);
    const lines = asked.slice(before).flatMap(({ body }) => body.split("\n"));
    expect(lines.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(
      some.slice(2).map(({ id }) => id),
    );
  });

  it("refusing is told", async () => {
    const index = new VectorizeIndex(client, "pictures", { account: "a1", token: "wrong" });
    await expect(index.search({ text: "a fox" }, 1)).rejects.toThrow("Authentication error");
  });
});
