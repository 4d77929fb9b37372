/** Where a model's files come from. */
import type { ObjectReader } from "./read-verified.ts";
import type { ShardsFetcher } from "./shards-cache.ts";
import type { SourceReport } from "./source-report.ts";

export interface ModelSource {
  bucket: ObjectReader;
  /** `<alias>/<revision>`; empty for a folder that holds one model. */
  prefix: string;
  /** The shards Worker, which is asked first if it is bound. */
  shards?: ShardsFetcher | undefined;
  /** Records where the bytes came from. */
  report?: SourceReport;
}

/** Bindings of a Worker that reads models. */
export interface ModelBindings {
  MODELS: ObjectReader;
  SHARDS?: ShardsFetcher;
}

export function keyOf({ prefix }: ModelSource, file: string): string {
  return `${prefix}/${file}`;
}
