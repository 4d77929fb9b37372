/** Runs `npm start` as a user does, with its own port and storage folder, and commands on that service. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../../scripts/start/loopback.ts";

const ROOT = join(import.meta.dirname, "../..");

export class LocalService {
  readonly url: string;
  /** Its output until it was ready. */
  readonly greeting: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #child: ChildProcess;

  private constructor(url: string, greeting: string, env: NodeJS.ProcessEnv, child: ChildProcess) {
    this.url = url;
    this.greeting = greeting;
    this.#env = env;
    this.#child = child;
  }

  /**
   * @param state where R2 and KV are
   * @param parameters of `npm start` besides
   */
  static async start(
    state: string,
    models: readonly string[] = [],
    parameters: readonly string[] = [],
  ): Promise<LocalService> {
    const port = await freePort();
    const env = { ...process.env, EDGECLIP_STATE: state, PORT: String(port) };
    const options = models.flatMap((folder) => ["--model", folder]);
    const child = spawn(
      process.execPath,
      ["scripts/start/start.ts", "--log-level=error", ...options, ...parameters],
      {
        cwd: ROOT,
        env,
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    let greeting = "";
    for await (const text of child.stdout.setEncoding("utf8").iterator({ destroyOnReturn: false })) {
      greeting += String(text);
      if (greeting.includes("Try it in a browser")) break;
    }
    child.stdout.resume();
    if (child.exitCode !== null) throw new Error("npm start ended");
    return new LocalService(`http://127.0.0.1:${port}`, greeting, env, child);
  }

  /** Runs one of the project's scripts on this service. @returns what it printed */
  async run(script: string, ...parameters: string[]): Promise<string> {
    const options = { cwd: ROOT, env: this.#env, maxBuffer: 64 * 1024 * 1024 };
    return (await promisify(execFile)(process.execPath, [script, ...parameters], options)).stdout;
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGTERM");
    if (this.#child.exitCode === null) await once(this.#child, "exit");
  }
}
