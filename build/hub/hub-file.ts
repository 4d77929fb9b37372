/**
 * A file of a repository at the hub: its URL, size and hash. The hub answers HEAD with headers of its own before it
 * redirects to the storage of large files. These headers have the file's hash: SHA-256 for large files, git's blob
 * SHA-1 for small ones.
 */
import { HubError } from "./hub-error.ts";

/** From HF_ENDPOINT, the address of a mirror, and HF_TOKEN, which gives access to gated repositories. */
export interface Hub {
  endpoint: string;
  token: string | undefined;
}

export interface HubFile {
  url: string;
  path: string;
  /** Commit of the revision, 40 hexadecimal digits. */
  commit: string;
  bytes: number;
  /** Hash of the content: 64 hexadecimal digits are its SHA-256, 40 its git blob SHA-1. */
  etag: string;
}

/** Everything that becomes part of a path, on this machine or at the hub, must have one of these forms. */
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

/** @throws HubError for a malformed repository name */
export function checkRepository(name: string): void {
  if (!REPOSITORY.test(name)) throw new HubError(`"${name}" is no repository: the form is owner/name`);
}

/** @throws HubError for a malformed name of a branch, tag or commit */
export function checkRevision(name: string): void {
  if (!REVISION.test(name)) throw new HubError(`"${name}" is no branch, tag or commit`);
}

/**
 * @param revision a branch, tag or commit
 * @returns undefined if the repository has no such file
 * @throws HubError if the hub refuses, does not answer, or leaves out a header
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
    throw new HubError(`HEAD ${url}: the answer has no hash, size or commit`, { status });
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
        ? "; if the repository is gated, set HF_TOKEN; else check its name"
        : "; check that HF_TOKEN may read it"
      : "";
  return new HubError(`HEAD ${url}: ${status}${hint}`, { status });
}
