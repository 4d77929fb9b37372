/**
 * One `npm start` at a time for a folder of storage: two would write to the same files of R2 and KV, and `model:use`
 * would reach only one of them.
 */
import { rmSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { runningFile, stateFolder } from "../paths.ts";

/**
 * Holds the storage until this process ends.
 * @throws Error if another process that runs holds it
 */
export async function holdStorage(): Promise<void> {
  const file = runningFile();
  await mkdir(dirname(file), { recursive: true });
  for (;;) {
    const isNew = await writeFile(file, String(process.pid), { flag: "wx" }).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === "EEXIST") return false;
        throw error;
      },
    );
    if (isNew) break;
    const holder = Number(await readFile(file, "utf8").catch(() => ""));
    if (isRunning(holder)) {
      throw new Error(
        `another "npm start" (process ${holder}) uses ${stateFolder()}: stop it, or set EDGECLIP_STATE to another folder for this one`,
      );
    }
    // Left by a process that was killed.
    await rm(file, { force: true });
  }
  process.once("exit", () => rmSync(file, { force: true }));
}

function isRunning(pid: number): boolean {
  if (!(pid > 0) || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
