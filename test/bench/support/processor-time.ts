/** Processor time of this process's children, from Linux's `/proc`. It does not include other work on the machine. */
import { readdir, readFile } from "node:fs/promises";

/** Ticks of a second: Linux's `USER_HZ`. */
const TICKS = 100;

/** Process ids of the children and their children. */
export async function childProcesses(): Promise<Set<number>> {
  const parents = new Map<number, number>();
  for (const name of await readdir("/proc")) {
    const fields = /^\d+$/.test(name) ? await statOf(Number(name)) : undefined;
    if (fields !== undefined) parents.set(Number(name), Number(fields[1]));
  }
  const isOurs = (pid: number): boolean => pid === process.pid || (pid > 1 && isOurs(parents.get(pid) ?? 0));
  return new Set([...parents.keys()].filter((pid) => pid !== process.pid && isOurs(pid)));
}

/** Processor time that these processes have used, milliseconds. */
export async function processorTime(pids: Iterable<number>): Promise<number> {
  let ticks = 0;
  for (const pid of pids) {
    const fields = await statOf(pid);
    ticks += Number(fields?.[11] ?? 0) + Number(fields?.[12] ?? 0);
  }
  return (1000 * ticks) / TICKS;
}

/** The fields after the process's name, which may contain spaces, from the state on. */
async function statOf(pid: number): Promise<string[] | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
}
