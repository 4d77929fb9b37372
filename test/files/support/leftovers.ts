/** What is stored of files, read from the disk: R2's objects and open uploads, and the rows of all accounts. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

export interface Stored {
  /** Keys in R2. */
  objects: string[];
  /** Keys of multipart uploads that were neither completed nor aborted. */
  openUploads: string[];
  /** Rows of each table of the accounts. */
  rows: { blobs: number; files: number; uploads: number };
}

export const NOTHING: Stored = {
  objects: [],
  openUploads: [],
  rows: { blobs: 0, files: 0, uploads: 0 },
};

/** Local R2's state of an upload that takes parts. */
const IN_PROGRESS = 0;

/** @param storage the folder in which R2 and the objects are */
export async function stored(storage: string): Promise<Stored> {
  const result = structuredClone(NOTHING);
  for (const database of await databases(join(storage, "r2/miniflare-R2BucketObject"))) {
    const keys = (query: string): string[] =>
      database
        .prepare(query)
        .all()
        .map(({ key }) => String(key))
        .filter((key) => key.startsWith("accounts/") && key.includes("/blobs/"));
    result.objects.push(...keys("SELECT key FROM _mf_objects"));
    result.openUploads.push(...keys(`SELECT key FROM _mf_multipart_uploads WHERE state = ${IN_PROGRESS}`));
    database.close();
  }
  for (const database of await databases(join(storage, "do/edgeclip-state-AccountState"))) {
    for (const table of ["blobs", "files", "uploads"] as const) {
      const row = database.prepare(`SELECT COUNT(*) AS count FROM ${table}`).get();
      result.rows[table] += Number(row?.["count"]);
    }
    database.close();
  }
  return result;
}

async function databases(folder: string): Promise<DatabaseSync[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => /^[0-9a-f]+\.sqlite$/.test(name))
    .map((name) => new DatabaseSync(join(folder, name), { readOnly: true }));
}
