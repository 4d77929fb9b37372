/**
 * A data point of the Analytics Engine dataset. Its columns have no names there, so this list is the only place that
 * knows which holds what; the tests hold the tables and queries in docs/ against it.
 */
export const USAGE_COLUMNS = {
  index1: "account",
  blob1: "key",
  blob2: "tier",
  blob3: "route",
  blob4: "status",
  blob5: "code",
  blob6: "model",
  double1: "requests",
  double2: "images",
  double3: "cached_images",
  double4: "tokens",
  double5: "cached_tokens",
  double6: "milliseconds",
} as const;

type Column = keyof typeof USAGE_COLUMNS;

/** `key` is empty without a key, `code` in an answer that is no refusal, `model` if none answered. */
export type UsageRecord = {
  [C in Column as (typeof USAGE_COLUMNS)[C]]: C extends `double${number}` ? number : string;
};

export function usagePoint(record: UsageRecord): { indexes: string[]; blobs: string[]; doubles: number[] } {
  const valuesOf = <T>(kind: string): T[] =>
    Object.entries(USAGE_COLUMNS)
      .filter(([column]) => column.startsWith(kind))
      .map(([, name]) => record[name] as T);
  return { indexes: valuesOf("index"), blobs: valuesOf("blob"), doubles: valuesOf("double") };
}
