/** Fetches the files that a build needs: checkpoint and config. */
import { dirname } from "node:path";
import { CHECKPOINT_NAMES, CONFIG_NAME } from "../checkpoint/file-names.ts";
import type { Progress } from "../report/progress.ts";
import { download } from "./download.ts";
import { HubCache } from "./hub-cache.ts";
import { HubError } from "./hub-error.ts";
import { describeFile, type Hub, type HubFile } from "./hub-file.ts";
import { megabytes } from "../report/megabytes.ts";

export interface Pulled {
  /** The folder with the checkpoint and the config. */
  folder: string;
  commit: string;
  /** Bytes that were downloaded, and bytes that were in the cache. */
  bytes: number;
  keptBytes: number;
}

export interface PullOptions {
  hub: Hub;
  cache: string;
  /** A branch, tag or commit. */
  revision: string;
  progress: Progress;
}

/** @throws HubError if the hub refuses, or if the repository holds no OpenCLIP model */
export async function pullModel(repository: string, options: PullOptions): Promise<Pulled> {
  const { hub, revision } = options;
  const config = await describeFile(hub, repository, revision, CONFIG_NAME);
  let checkpoint: HubFile | undefined;
  for (const name of CHECKPOINT_NAMES) {
    checkpoint ??= await describeFile(hub, repository, revision, name);
  }
  if (config === undefined || checkpoint === undefined) {
    const missing = config === undefined ? CONFIG_NAME : CHECKPOINT_NAMES.join(" nor ");
    throw new HubError(`${repository} holds no OpenCLIP model: there is no ${missing}`);
  }
  const cache = new HubCache(options.cache, repository);
  const pulled: Pulled = { folder: "", commit: config.commit, bytes: 0, keptBytes: 0 };
  for (const file of [config, checkpoint]) {
    if (await cache.holds(file)) {
      pulled.keptBytes += file.bytes;
    } else {
      await download(hub, file, await cache.blob(file), speedOf(file, options.progress));
      pulled.bytes += file.bytes;
    }
    pulled.folder = dirname(await cache.link(file, revision));
  }
  options.progress.done();
  return pulled;
}

/** Shows how much of a file has arrived, at most twice a second. */
function speedOf({ path, bytes }: HubFile, progress: Progress): (received: number) => void {
  const start = performance.now();
  let first: number | undefined;
  let said = 0;
  return (received) => {
    first ??= received;
    const now = performance.now();
    if (now - said < 500 && received < bytes) return;
    said = now;
    const speed = (received - first) / Math.max(now - start, 1) / 1000;
    progress.step(`${path}  ${megabytes(received)} of ${megabytes(bytes)} MB  ${speed.toFixed(1)} MB/s`);
  };
}
