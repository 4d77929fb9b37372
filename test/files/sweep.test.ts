/** The sweep, as its schedule starts it in the jobs Worker. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { R2Bucket } from "@cloudflare/workers-types";
import { afterAll, beforeAll, expect, it } from "vitest";
import { request } from "../support/send-request.ts";
import { startWorkers, type Workers } from "../support/workers.ts";
import { behindFaultyFiles, FAULTY_FILES, setFaults } from "./support/faulty-files.ts";
import { NOTHING, stored } from "./support/leftovers.ts";
import { KILLER, mortal, query } from "./support/mortal-state.ts";
import { uploadFile } from "./support/upload-file.ts";

/** Accounts that the sweep lists at once (`functions/files/sweep.ts`). */
const PAGE = 200;

let storage: string;
let workers: Workers;
let bucket: R2Bucket;
let jobs: { scheduled(event: { cron: string }): Promise<{ outcome: string }> };

beforeAll(async () => {
  storage = await mkdtemp(join(tmpdir(), "edgeclip-files-"));
  workers = await startWorkers({
    storage,
    add: [FAULTY_FILES, KILLER],
    change: (name, options) => {
      const faulty = behindFaultyFiles(options);
      return name === "edgeclip-state" ? mortal(faulty) : faulty;
    },
  });
  bucket = (await workers.miniflare.getR2Bucket("FILES", "faulty-files")) as unknown as R2Bucket;
  jobs = (await workers.miniflare.getWorker("edgeclip-jobs")) as unknown as typeof jobs;
});

afterAll(async () => {
  await workers.dispose();
  await rm(storage, { recursive: true });
});

/** @returns how the run of the schedule ended */
const sweep = async (): Promise<string> => (await jobs.scheduled({ cron: "*/15 * * * *" })).outcome;

/** Makes all that is there older, by an hour and a half. */
async function age(account: string): Promise<void> {
  for (const statement of [
    "UPDATE files SET expires_at = expires_at - 5400, removing = removing - 5400",
    "UPDATE uploads SET begun_at = begun_at - 5400, touched_at = touched_at - 5400, abandoned = abandoned - 5400",
  ]) {
    await query(workers, account, statement);
  }
}

/** Files that expire, as rows alone: of the first two the bytes are the same. */
async function addExpiring(account: string, count: number): Promise<void> {
  const numbers = `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${count - 1})`;
  const blob = "printf('%024x', MAX(i, 1))";
  for (const statement of [
    `${numbers} INSERT INTO blobs (blob, sha256, key, bytes, next_number, live)
     SELECT ${blob}, i, 'key', 3, 2, CASE i WHEN 1 THEN 2 ELSE 1 END FROM n WHERE i > 0`,
    `${numbers} INSERT INTO files (position, id, blob, number, bytes, filename, purpose, created_at, expires_at)
     SELECT i + 1, 'file-' || i, ${blob}, i = 0, 3, 'a', 'vision', 1, unixepoch() + 3600 FROM n`,
    `UPDATE totals SET files = ${count}, bytes = 3 * (${count} - 1), next_position = ${count} + 1`,
  ]) {
    await query(workers, account, statement);
  }
  await bucket.put(`accounts/${account}/account`, "");
}

const totals = async (account: string): Promise<unknown> =>
  (await query(workers, account, "SELECT files, bytes FROM totals"))[0];

it("clears what an account's first upload left, when nothing could clear it", async () => {
  const form = new FormData();
  form.append("purpose", "vision");
  form.append("file", new Blob([new Uint8Array(6_000_000)]), "a.png");
  // That it has two files shows when a part of the first is in R2.
  form.append("file", new Blob(["a second one"]), "b.png");
  await setFaults(workers, { failing: 2, operation: "abort" });
  const { status } = await request("POST", `${workers.url}/v1/files`, form);
  expect(status).toBe(400);
  await setFaults(workers, {});
  const left = { ...NOTHING, rows: { ...NOTHING.rows, uploads: 1 } };
  expect(await stored(storage)).toMatchObject({ ...left, openUploads: [expect.any(String)] });
  // Not yet: whoever gave it up may still be at it.
  expect(await sweep()).toBe("ok");
  expect((await stored(storage)).openUploads).toHaveLength(1);
  await age("public");
  expect(await sweep()).toBe("ok");
  expect(await stored(storage)).toEqual(NOTHING);
});

it("removes expired files and finishes removals, all that an account has", async () => {
  const goes = await uploadFile(workers.url, { bytes: "goes" });
  const stays = await uploadFile(workers.url, { bytes: "stays" });
  await setFaults(workers, { failing: 2, operation: "delete" });
  expect((await request("DELETE", `${workers.url}/v1/files/${goes.body.id}`)).status).toBe(503);
  await setFaults(workers, {});
  await addExpiring("expired", 2_500);
  expect(await sweep()).toBe("ok");
  expect(await totals("expired")).toEqual({ files: 2_500, bytes: 7_497 });
  await age("public");
  await age("expired");
  await setFaults(workers, {});
  expect(await sweep()).toBe("ok");
  expect(await totals("expired")).toEqual({ files: 0, bytes: 0 });
  expect(await totals("public")).toEqual({ files: 1, bytes: 5 });
  expect((await stored(storage)).objects).toHaveLength(1);
  // R2 deletes a thousand in one call.
  const asked = await setFaults(workers, {});
  expect(asked.filter((operation) => operation === "delete").length).toBeLessThan(8);
  expect((await request("DELETE", `${workers.url}/v1/files/${stays.body.id}`)).status).toBe(200);
});

it("goes on where it was killed", async () => {
  const names = Array.from({ length: PAGE + 5 }, (_, i) => `many-${String(i).padStart(3, "0")}`);
  await Promise.all(names.map((name) => bucket.put(`accounts/${name}/account`, "")));
  const [first = "", last = ""] = [names[0], names.at(-1)];
  await addExpiring(last, 3);
  await age(last);
  // It fails at the second page.
  await setFaults(workers, { failing: 2, operation: "list", after: 1 });
  expect(await sweep()).not.toBe("ok");
  await setFaults(workers, {});
  const place = await (await bucket.get("sweep"))?.text();
  expect(place).toMatch(/^many-/);
  expect(await totals(last)).toEqual({ files: 3, bytes: 6 });
  await addExpiring(first, 3);
  await age(first);
  expect(await sweep()).toBe("ok");
  expect(await totals(last)).toEqual({ files: 0, bytes: 0 });
  // The beginning of the list is the next one's.
  expect(await totals(first)).toEqual({ files: 3, bytes: 6 });
  expect(await bucket.get("sweep")).toBeNull();
  expect(await sweep()).toBe("ok");
  expect(await totals(first)).toEqual({ files: 0, bytes: 0 });
});
