/**
 * Notices that npm has ended. When npm ends, the script that it runs does not: npm passes on SIGINT and SIGTERM, but
 * not SIGHUP or SIGKILL. In `package.json` the shell replaces itself by the script (`exec`), because a shell would not
 * pass on SIGINT. If there is a shell in between nevertheless, it is watched as well.
 */
import { readFileSync } from "node:fs";

const LOOK_AGAIN_AFTER_MS = 250;

/**
 * @param end called when npm or its shell is gone; never if npm did not start this process, because it may then be
 * meant to outlive its parent
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

/** From Linux's /proc. Undefined on other systems, whose shells replace themselves by the only command of `sh -c`. */
function stat(pid: number): { name: string; parent: number } | undefined {
  try {
    // `1234 (name) S 1233 …`; the name may contain any character.
    const [, name = "", parent = ""] =
      /\((.*)\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
    return { name, parent: Number(parent) };
  } catch {
    return undefined;
  }
}
