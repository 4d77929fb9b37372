/**
 * The gateway's secrets, in a file that git ignores. The first deployment makes the pepper of the key hashes, and
 * `npm run keys -- --remote` needs the same one.
 */
import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import * as z from "zod";
import { secretsFile } from "../paths.ts";

const secretsSchema = z.object({ KEY_PEPPER: z.string().min(16) });
export type Secrets = z.infer<typeof secretsSchema>;

const PEPPER_BYTES = 32;

/** @returns undefined if there is no file */
export async function readSecrets(): Promise<Secrets | undefined> {
  const json = await readFile(secretsFile(), "utf8").catch(() => undefined);
  return json === undefined ? undefined : secretsSchema.parse(JSON.parse(json));
}

/** Writes new secrets. Only the file's owner can read it. @throws Error if the file exists */
export async function makeSecrets(): Promise<void> {
  const secrets: Secrets = { KEY_PEPPER: randomBytes(PEPPER_BYTES).toString("base64url") };
  await writeFile(secretsFile(), `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600, flag: "wx" });
}
