/**
 * Other people's packages: clients, generators and linters, 450 MB that only these tests need. They have a package of
 * their own, which the tests install when it is missing.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe } from "vitest";

const execute = promisify(execFile);
const FOLDER = join(import.meta.dirname, "packages");
const MODULES = join(FOLDER, "node_modules");
/** npm writes it when everything is installed. */
const COMPLETE = join(MODULES, ".package-lock.json");

/** @returns why they cannot be installed; undefined once they are */
async function install(): Promise<string | undefined> {
  if (existsSync(COMPLETE)) return undefined;
  console.log("installing the packages of test/clients …");
  try {
    // Install scripts would download files that are not needed.
    await execute("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: FOLDER });
    return undefined;
  } catch (error) {
    if (process.env["CI"] !== undefined) throw error;
    return error instanceof Error ? error.message : String(error);
  }
}

const problem = await install();
if (problem !== undefined) {
  console.warn(`SKIPPED, because the packages of test/clients cannot be installed: ${problem}`);
}

export const describeWithPackages = problem === undefined ? describe : describe.skip;

export async function installedVersion(name: string): Promise<string> {
  const text = await readFile(join(MODULES, name, "package.json"), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

/** A folder whose programs find the packages. */
export class ProgramFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async make(): Promise<ProgramFolder> {
    const path = await mkdtemp(join(tmpdir(), "edgeclip-clients-"));
    await symlink(MODULES, join(path, "node_modules"));
    return new ProgramFolder(path);
  }

  async write(name: string, text: string): Promise<void> {
    await writeFile(join(this.path, name), text);
  }

  /** Runs a program with Node. @returns its output @throws Error with its output, if it fails */
  async node(...parameters: string[]): Promise<string> {
    return await this.#run(process.execPath, parameters);
  }

  /** Runs a package's command. */
  async command(name: string, ...parameters: string[]): Promise<string> {
    return await this.#run(join(MODULES, ".bin", name), parameters);
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true });
  }

  async #run(file: string, parameters: readonly string[]): Promise<string> {
    try {
      const { stdout, stderr } = await execute(file, parameters, { cwd: this.path });
      return stdout + stderr;
    } catch (error) {
      const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
      throw new Error(`${file} ${parameters.join(" ")} failed:\n${stdout}\n${stderr}`, { cause: error });
    }
  }
}
