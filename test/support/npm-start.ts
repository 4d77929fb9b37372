/**
 * `npm start`, through npm itself, with all that it starts in sight: every process of it has its storage in its
 * environment.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const ROOT = join(import.meta.dirname, "../..");

export class NpmStart {
  readonly child: ChildProcess;
  /** What it printed so far, to either stream. */
  output = "";
  readonly #state: string;

  /** @param state where R2 and KV are; of this one alone */
  constructor(state: string, parameters: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.#state = state;
    this.child = spawn("npm", ["start", "--silent", "--", ...parameters], {
      cwd: ROOT,
      env: { ...process.env, EDGECLIP_STATE: state, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => (this.output += text));
    }
  }

  /** Resolves once it answers. @returns its URL, as it says */
  async ready(): Promise<string> {
    while (!this.output.includes("edgeclip answers at")) {
      if (this.child.exitCode !== null) throw new Error(`npm start ended: ${this.output}`);
      await sleep(100);
    }
    return /answers at (\S+)/.exec(this.output)?.[1] ?? "";
  }

  /** @returns its exit code; null if a signal ended npm */
  async ended(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, "exit");
    return this.child.exitCode;
  }

  /** Command lines of the processes that run for it, by id, npm's among them; from Linux's /proc, none elsewhere. */
  async processes(): Promise<Map<number, string>> {
    const found = new Map<number, string>();
    for (const pid of (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name))) {
      const read = (file: string): Promise<string> =>
        readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "");
      if (!(await read("environ")).split("\0").includes(`EDGECLIP_STATE=${this.#state}`)) continue;
      found.set(Number(pid), (await read("cmdline")).replaceAll("\0", " ").trim());
    }
    return found;
  }

  /** Waits until nothing runs for it. @returns what still does after so many milliseconds */
  async left(patience: number): Promise<string[]> {
    const until = Date.now() + patience;
    for (;;) {
      const left = [...(await this.processes()).values()];
      if (left.length === 0 || Date.now() > until) return left;
      await sleep(250);
    }
  }

  async stop(): Promise<void> {
    this.child.kill("SIGTERM");
    await this.ended();
  }
}
