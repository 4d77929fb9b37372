/**
 * A file of a repository at the hub: where it is, how long, and what it hashes to. The hub answers a HEAD with headers of
 * its own before it redirects to where large files are; those headers name the file's hash: SHA-256 for large files, git's
 * blob SHA-1 for small ones.
 */
import { HubError } from "./hub-error.ts";

/** HF_ENDPOINT stands for a mirror, HF_TOKEN for whoever may read a gated repository. */
export interface Hub {
  endpoint: string;
  token: string | undefined;
}

export interface HubFile {
  url: string;
  path: string;
  /** Commit that the revision means, 40 hexadecimal digits. */
  commit: string;
  bytes: number;
  /** Names the content. 64 hexadecimal digits are its SHA-256, 40 its git blob SHA-1. */
  etag: string;
}

/** What becomes part of a path, here or at the hub, has one of these forms and no other. */
const COMMIT = /^[0-9a-f]{40}$/;
const REPOSITORY = /^\w[\w.-]*(?:\/\w[\w.-]*)?$/;
const REVISION = /^\w[\w.-]*(?:\/\w[\w.-]*)*$/;
const ETAG = /^(?:W\/)?"?((?:[0-9a-f]{64})|(?:[0-9a-f]{40}))"?$/;

export function hubOfEnvironment(env: NodeJS.ProcessEnv = process.env): Hub {
  const endpoint = (env["HF_ENDPOINT"] ?? "https://huggingface.co").replace(/\/$/, "");
  return { endpoint, token: env["HF_TOKEN"] };
}

export function isCommit(text: string): boolean {
  return COMMIT.test(text);
}

/** @throws HubError for what cannot be a repository's name */
export function checkRepository(name: string): void {
  if (!REPOSITORY.test(name)) throw new HubError(`"${name}" is no repository: those are called owner/name`);
}

/** @throws HubError for what cannot be the name of a branch, tag or commit */
export function checkRevision(name: string): void {
  if (!REVISION.test(name)) throw new HubError(`"${name}" is no branch, tag or commit`);
}

/**
 * @param revision a branch, tag or commit
 * @returns undefined if the repository has no such file
 * @throws HubError for anything else but a complete answer
 */
export async function describeFile(
  hub: Hub,
  repository: string,
  revision: string,
  path: string,
): Promise<HubFile | undefined> {
  checkRepository(repository);
  checkRevision(revision);
  const url = `${hub.endpoint}/${repository}/resolve/${encodeURIComponent(revision)}/${path}`;
  const response = await fetch(url, {
    method: "HEAD",
    redirect: "manual",
    headers: { "accept-encoding": "identity", ...authorization(hub) },
  }).catch((cause: unknown) => {
    throw new HubError(`HEAD ${url}: no answer`, { cause });
  });
  const { status, headers } = response;
  if (status === 404 && headers.get("x-error-code") === "EntryNotFound") return undefined;
  if (status >= 400) throw refusal(url, status, hub);
  const [, etag] = ETAG.exec(headers.get("x-linked-etag") ?? headers.get("etag") ?? "") ?? [];
  const bytes = Number(headers.get("x-linked-size") ?? headers.get("content-length") ?? NaN);
  const commit = headers.get("x-repo-commit");
  const isComplete = etag !== undefined && commit !== null && isCommit(commit);
  if (!isComplete || !Number.isSafeInteger(bytes) || bytes < 0) {
    throw new HubError(`HEAD ${url}: the answer names no hash, size or commit`, { status });
  }
  return { url, path, commit, bytes, etag };
}

export function authorization({ token }: Hub): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

function refusal(url: string, status: number, { token }: Hub): HubError {
  const hint =
    status === 401 || status === 403
      ? token === undefined
        ? "; is it gated or misspelt? HF_TOKEN is not set"
        : "; may HF_TOKEN read it?"
      : "";
  return new HubError(`HEAD ${url}: ${status}${hint}`, { status });
}
