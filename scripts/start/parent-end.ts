/**
 * Notices that npm has ended, which does not end what it runs: npm passes SIGINT and SIGTERM on, but neither SIGHUP nor, of
 * course, SIGKILL. `package.json` has the shell replace itself by the script (`exec`), since a shell would keep SIGINT to
 * itself; where a shell is between all the same, it is watched, too.
 */
import { readFileSync } from "node:fs";

const LOOK_AGAIN_AFTER_MS = 250;

/**
 * @param end called once npm or its shell is gone; never if npm did not start this process, which may then well be meant to
 * outlive its parent
 */
export function whenNpmEnds(end: () => void): void {
  if (process.env["npm_lifecycle_event"] === undefined) return;
  const parent = process.ppid;
  // npm's shell, or npm itself where the shell replaced itself by the script.
  const grandparent = isShell(parent) ? parentOf(parent) : undefined;
  const timer = setInterval(() => {
    if (process.ppid === parent && (grandparent === undefined || parentOf(parent) === grandparent)) return;
    clearInterval(timer);
    end();
  }, LOOK_AGAIN_AFTER_MS);
  timer.unref();
}

function isShell(pid: number): boolean {
  return /^(?:sh|dash|bash|zsh|ash|busybox)$/.test(stat(pid)?.name ?? "");
}

function parentOf(pid: number): number | undefined {
  return stat(pid)?.parent;
}

/** From Linux's /proc; undefined elsewhere, where shells replace themselves by the only command of `sh -c`. */
function stat(pid: number): { name: string; parent: number } | undefined {
  try {
    // `1234 (name) S 1233 …`, and the name may hold anything.
    const [, name = "", parent = ""] =
      /\((.*)\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
    return { name, parent: Number(parent) };
  } catch {
    return undefined;
  }
}
