/**
 * A program and everything that it starts, in a process group of their own. None of them outlives this process, even if
 * this process is killed. Signals from the terminal do not reach them, so this process decides in which order they end.
 */
import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { signalGroup } from "./signal-group.ts";

/** Milliseconds after SIGTERM within which the program must end. */
const GRACE_MS = 5000;

export class ProcessGroup {
  /** The program's exit code, once it has ended. */
  readonly ended: Promise<number>;
  readonly #program: ChildProcess;
  readonly #guard: ChildProcess;
  readonly #endAtExit = (): void => this.#end();

  /** The program inherits this process's output streams. */
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

  /** Kills the program and everything that it left behind. */
  #end(): void {
    if (this.#program.pid !== undefined) signalGroup(this.#program.pid, "SIGKILL");
    this.#guard.kill("SIGKILL");
  }
}
