/**
 * A program and all that it starts, in a process group of their own: none of them outlives this process, not even if this
 * one is killed. A signal from the terminal does not reach them, so that this process decides in which order things end.
 */
import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { signalGroup } from "./signal-group.ts";

/** Milliseconds that the program has to end by itself. */
const GRACE_MS = 5000;

export class ProcessGroup {
  /** The program's exit code, once it has ended. */
  readonly ended: Promise<number>;
  readonly #program: ChildProcess;
  readonly #guard: ChildProcess;
  readonly #endAtExit = (): void => this.#end();

  /** Output goes where this process's goes. */
  constructor(
    program: string,
    parameters: readonly string[],
    options: { cwd: string; env: NodeJS.ProcessEnv },
  ) {
    this.#program = spawn(program, parameters, {
      ...options,
      detached: true,
      stdio: ["ignore", "inherit", "inherit"],
    });
    this.ended = once(this.#program, "exit").then(([code]) => (code as number | null) ?? 1);
    this.#guard = fork(join(import.meta.dirname, "end-group.ts"), [String(this.#program.pid)], {
      detached: true,
      execArgv: [],
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    process.once("exit", this.#endAtExit);
  }

  get isRunning(): boolean {
    return this.#program.exitCode === null && this.#program.signalCode === null;
  }

  async stop(): Promise<void> {
    const late = setTimeout(() => this.#end(), GRACE_MS);
    if (this.#program.pid !== undefined) signalGroup(this.#program.pid, "SIGTERM");
    await this.ended;
    clearTimeout(late);
    this.#end();
    process.off("exit", this.#endAtExit);
  }

  /** At once, and what the program left behind, too. */
  #end(): void {
    if (this.#program.pid !== undefined) signalGroup(this.#program.pid, "SIGKILL");
    this.#guard.kill("SIGKILL");
  }
}
