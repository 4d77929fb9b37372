/** Where a model's files come from. */
import type { ObjectReader } from "./read-verified.ts";
import type { ShardsFetcher } from "./shards-cache.ts";
import type { SourceReport } from "./source-report.ts";

export interface ModelSource {
  bucket: ObjectReader;
  /** `<alias>/<revision>`; empty for a folder that holds one model. */
  prefix: string;
  /** Asked first, where it is bound. */
  shards?: ShardsFetcher | undefined;
  /** Told where what is read came from. */
  report?: SourceReport;
}

/** What a Worker that reads models is bound to. */
export interface ModelBindings {
  MODELS: ObjectReader;
  SHARDS?: ShardsFetcher;
}

export function keyOf({ prefix }: ModelSource, file: string): string {
  return `${prefix}/${file}`;
}
