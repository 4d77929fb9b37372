/**
 * The cache of files from the hub. It has the layout of the hub's own clients, so that all of them share files:
 * `models--<owner>--<name>/blobs/<etag>` is the content, `snapshots/<commit>/<path>` links to it, and
 * `refs/<revision>` names the commit.
 */
import { access, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, relative } from "node:path";
import { checkRepository, checkRevision, type HubFile, isCommit } from "./hub-file.ts";

export function cacheOfEnvironment(env: NodeJS.ProcessEnv = process.env): string {
  const home = env["HF_HOME"] ?? join(homedir(), ".cache/huggingface");
  return env["HF_HUB_CACHE"] ?? join(home, "hub");
}

export class HubCache {
  readonly #folder: string;

  /** @throws HubError for a malformed repository name */
  constructor(cache: string, repository: string) {
    checkRepository(repository);
    this.#folder = join(cache, `models--${repository.replaceAll("/", "--")}`);
  }

  /** The path for a file's content; its folder exists. */
  async blob({ etag }: HubFile): Promise<string> {
    const path = join(this.#folder, "blobs", etag);
    await mkdir(dirname(path), { recursive: true });
    return path;
  }

  async holds(file: HubFile): Promise<boolean> {
    return await exists(await this.blob(file));
  }

  /** Gives a finished file its name in the snapshot. @returns its path there */
  async link(file: HubFile, revision: string): Promise<string> {
    const path = join(this.#snapshot(file.commit), file.path);
    await mkdir(dirname(path), { recursive: true });
    await rm(path, { force: true });
    await symlink(relative(dirname(path), await this.blob(file)), path);
    const ref = join(this.#folder, "refs", revision);
    await mkdir(dirname(ref), { recursive: true });
    await writeFile(ref, file.commit);
    return path;
  }

  /**
   * The folder with the fetched files of a revision; undefined if there are none.
   * @throws HubError for a malformed revision
   */
  async snapshot(revision: string): Promise<string | undefined> {
    checkRevision(revision);
    const ref = await readFile(join(this.#folder, "refs", revision), "utf8").catch(() => revision);
    // Other programs write references as well, so their content is checked before it becomes part of a path.
    const commit = ref.trim();
    if (!isCommit(commit)) return undefined;
    const folder = this.#snapshot(commit);
    return (await exists(folder)) ? folder : undefined;
  }

  #snapshot(commit: string): string {
    return join(this.#folder, "snapshots", commit);
  }
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
