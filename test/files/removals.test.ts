/**
 * Many who remove files with the same bytes, which are one object in R2 that takes one write a second: the stand-in for
 * the bucket refuses more, as Cloudflare's does.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Answer, request } from "../support/send-request.ts";
import { startWorkers, type Workers } from "../support/workers.ts";
import { behindFaultyFiles, cancelledBodies, FAULTY_FILES, setFaults } from "./support/faulty-files.ts";
import { NOTHING, stored } from "./support/leftovers.ts";
import { uploadFile } from "./support/upload-file.ts";

const TWENTY = Array.from({ length: 20 }, (_, i) => i);

let storage: string;
let workers: Workers;

beforeAll(async () => {
  storage = await mkdtemp(join(tmpdir(), "edgeclip-files-"));
  workers = await startWorkers({
    storage,
    add: [FAULTY_FILES],
    change: (_, options) => behindFaultyFiles(options),
  });
  await setFaults(workers, { paced: true });
});

afterAll(async () => {
  await workers.dispose();
  await rm(storage, { recursive: true });
});

async function upload(bytes: string): Promise<string> {
  const { status, body } = await uploadFile(workers.url, { bytes });
  expect([status, body.error]).toEqual([200, undefined]);
  return body.id;
}

const remove = (id: string): Promise<Answer> => request("DELETE", `${workers.url}/v1/files/${id}`);

const statuses = (answers: Answer[]): number[] => answers.map(({ status }) => status);

async function read(id: string): Promise<string | number> {
  const response = await fetch(`${workers.url}/v1/files/${id}/content`);
  const text = await response.text();
  return response.status === 200 ? text : response.status;
}

it("20 first uploads of an account at once, and 20 removals of all of them", async () => {
  const ids = await Promise.all(TWENTY.map(() => upload("the same")));
  expect(new Set(ids).size).toBe(20);
  expect((await stored(storage)).objects).toHaveLength(1);
  expect(statuses(await Promise.all(ids.map(remove)))).toEqual(TWENTY.map(() => 200));
  expect(await Promise.all(ids.map(read))).toEqual(TWENTY.map(() => 404));
  expect(await stored(storage)).toEqual(NOTHING);
});

it("20 removals beside one file that stays: few writes do them all", async () => {
  const stays = await upload("the same");
  const ids = await Promise.all(TWENTY.map(() => upload("the same")));
  await setFaults(workers, { paced: true });
  expect(statuses(await Promise.all(ids.map(remove)))).toEqual(TWENTY.map(() => 200));
  const asked = await setFaults(workers, { paced: true });
  // One for whoever came first, one for all others; and some that came too early.
  expect(asked.filter((operation) => operation === "put").length).toBeLessThan(10);
  expect(await Promise.all(ids.map(read))).toEqual(TWENTY.map(() => 404));
  expect(await read(stays)).toBe("the same");
  expect((await remove(stays)).status).toBe(200);
  expect(await stored(storage)).toEqual(NOTHING);
});

it("removals beside uploads of the same bytes lose nothing", async () => {
  const before = await Promise.all(TWENTY.map(() => upload("the same")));
  const removed = Promise.all(before.map(remove));
  const after = await Promise.all(TWENTY.map(() => upload("the same")));
  expect(statuses(await removed)).toEqual(TWENTY.map(() => 200));
  expect(await Promise.all(before.map(read))).toEqual(TWENTY.map(() => 404));
  expect(await Promise.all(after.map(read))).toEqual(TWENTY.map(() => "the same"));
  const listed = await request("GET", `${workers.url}/v1/files`);
  const ids = listed.body.data.map(({ id }: { id: string }) => id);
  expect(ids.toSorted()).toEqual(after.toSorted());
  expect(statuses(await Promise.all(after.map(remove)))).toEqual(TWENTY.map(() => 200));
  expect(await stored(storage)).toEqual(NOTHING);
});

it("a copy that fails is not read on, and the removal can be asked for again", async () => {
  const bytes = "0".repeat(3_000_000);
  const [stays, goes] = [await upload(bytes), await upload(bytes)];
  const before = await cancelledBodies(workers);
  await setFaults(workers, { failing: 2, operation: "put" });
  const refused = await remove(goes);
  expect([refused.status, refused.body.error.code]).toEqual([503, "overloaded"]);
  await setFaults(workers, {});
  while ((await cancelledBodies(workers)) === before) await setTimeout(50);
  expect((await remove(goes)).status).toBe(200);
  expect([await read(goes), (await read(stays)) === bytes]).toEqual([404, true]);
  expect((await remove(stays)).status).toBe(200);
  expect(await stored(storage)).toEqual(NOTHING);
});
