/** The table of faults: what fails, how it fails, and what a client then gets. */
import { MATRIX_FORMAT } from "../../functions/label-sets/label-matrix.ts";
import type { FaultRule } from "./fault-worker.ts";

/** The request that is sent while something fails; see `asking.ts`. */
export type Ask =
  | "labels"
  | "new labels"
  | "set"
  | "create"
  | "create large"
  | "show"
  | "list"
  | "delete"
  | "file"
  | "upload"
  | "files"
  | "delete file"
  | "create store"
  | "add"
  | "search";

export interface FaultRow {
  dependency: string;
  fault: string;
  ask: Ask;
  rules: FaultRule[];
  /** The fault-free answer, or a refusal with 503 and this code. */
  expected: "the right answer" | "model_unavailable" | "overloaded";
  /** Longest wait for it, ms: the deadlines on the way and some time for a busy machine. */
  within: number;
  /** How long the fault lasts, ms, if one request is not enough. Requests are sent during all of it. */
  lasts?: number;
}

const ANSWER = "the right answer";
const UNAVAILABLE = "model_unavailable";
/** Limit for answers that wait for no deadline, on a machine that starts a dozen deployments at once, ms. */
const SOON = 12_000;
/** KV is read twice: for a whole list of labels, then for its texts. */
const KV = SOON + 6_000;
const R2 = SOON + 8_000;
const R2_BODY = SOON + 15_000;
const WORKER = SOON + 30_000;

const ALWAYS = 1000;
const kvIsEmpty: FaultRule = { on: "CACHE.get", kind: "missing", times: ALWAYS };

function row(
  dependency: string,
  fault: string,
  ask: Ask,
  rules: FaultRule[],
  expected: FaultRow["expected"],
  within = SOON,
): FaultRow {
  const lasting = rules.map((rule) => ({ times: ALWAYS, ...rule }));
  return { dependency, fault, ask, rules: lasting, expected, within };
}

const MANIFEST = "R2, manifest";
const manifestRows = [
  row(MANIFEST, "errors", "labels", [{ on: "MODELS.get", kind: "error", key: "manifest.json" }], UNAVAILABLE),
  row(
    MANIFEST,
    "never answers",
    "labels",
    [{ on: "MODELS.get", kind: "silence", key: "manifest.json" }],
    UNAVAILABLE,
    R2,
  ),
  row(
    MANIFEST,
    "is missing",
    "labels",
    [{ on: "MODELS.get", kind: "missing", key: "manifest.json" }],
    UNAVAILABLE,
  ),
  row(
    MANIFEST,
    "is cut off",
    "labels",
    [{ on: "MODELS.get", kind: "truncated", key: "manifest.json" }],
    UNAVAILABLE,
  ),
  row(
    MANIFEST,
    "has a bit changed",
    "labels",
    [{ on: "MODELS.get", kind: "wrong-bytes", key: "manifest.json" }],
    UNAVAILABLE,
  ),
];

const SHARD = "R2, shard of the image tower";
const shard = (kind: FaultRule["kind"]): FaultRule[] => [{ on: "MODELS.get", kind, key: "image-00.data" }];
const shardRows = [
  row(SHARD, "errors", "labels", shard("error"), UNAVAILABLE),
  row(SHARD, "never answers", "labels", shard("silence"), UNAVAILABLE, R2),
  row(SHARD, "answers a second late", "labels", shard("late"), ANSWER),
  row(SHARD, "comes drop by drop", "labels", shard("drip"), ANSWER),
  row(SHARD, "stops in the middle", "labels", shard("silent-body"), UNAVAILABLE, R2),
  row(SHARD, "breaks off with an error", "labels", shard("broken-body"), UNAVAILABLE),
  row(SHARD, "is cut off", "labels", shard("truncated"), UNAVAILABLE),
  row(SHARD, "has a bit changed", "labels", shard("wrong-bytes"), UNAVAILABLE),
  row(SHARD, "is missing", "labels", shard("missing"), UNAVAILABLE),
];

const TOKENS = "R2, token table";
const tokens = (kind: FaultRule["kind"]): FaultRule[] => [
  { on: "MODELS.get", kind, key: "token-embedding.data" },
  kvIsEmpty,
];
const tokenRows = [
  row(TOKENS, "errors", "labels", tokens("error"), UNAVAILABLE),
  row(TOKENS, "never answers", "labels", tokens("silence"), UNAVAILABLE, R2),
  row(TOKENS, "has a bit changed", "labels", tokens("wrong-bytes"), UNAVAILABLE),
];

const KV_TEXTS = "KV, embeddings of texts";
const KV_SETS = "KV, label sets";
const read = (kind: FaultRule["kind"]): FaultRule[] => [{ on: "CACHE.get", kind }];
const kvRows = [
  row(KV_TEXTS, "errors", "labels", read("error"), ANSWER),
  row(KV_TEXTS, "never answers", "labels", read("silence"), ANSWER, KV),
  row(KV_TEXTS, "answers a second late", "labels", read("late"), ANSWER),
  row(KV_TEXTS, "has a bit changed", "labels", read("wrong-bytes"), ANSWER),
  row(KV_TEXTS, "is cut off", "labels", read("truncated"), ANSWER),
  row(KV_TEXTS, "is missing", "labels", read("missing"), ANSWER),
  row(KV_TEXTS, "is from before the last write", "labels", read("stale"), ANSWER),
  row(KV_TEXTS, "takes no writes", "new labels", [{ on: "CACHE.put", kind: "error" }], ANSWER),
  row(KV_TEXTS, "never answers a write", "new labels", [{ on: "CACHE.put", kind: "silence" }], ANSWER),
  row(KV_SETS, "errors", "set", read("error"), ANSWER),
  row(KV_SETS, "never answers", "set", read("silence"), ANSWER, KV),
  row(KV_SETS, "has a bit changed", "set", read("wrong-bytes"), ANSWER),
  row(KV_SETS, "is cut off", "set", read("truncated"), ANSWER),
  row(KV_SETS, "does not delete", "delete", [{ on: "CACHE.delete", kind: "error" }], ANSWER),
  row(KV_SETS, "never answers a delete", "delete", [{ on: "CACHE.delete", kind: "silence" }], ANSWER, KV),
];

const SETS = "R2, label sets";
const vectors = (kind: FaultRule["kind"]): FaultRule[] => [
  { on: "SETS.get", kind, key: `{revision}/${MATRIX_FORMAT}` },
  kvIsEmpty,
];
const setRows = [
  row(SETS, "errors", "set", [{ on: "SETS.head", kind: "error" }], UNAVAILABLE),
  row(SETS, "never answers", "set", [{ on: "SETS.head", kind: "silence" }], UNAVAILABLE, R2),
  row(SETS, "vectors: error", "set", vectors("error"), UNAVAILABLE),
  row(SETS, "vectors: break off with an error", "set", vectors("broken-body"), UNAVAILABLE),
  row(SETS, "vectors: stop in the middle", "set", vectors("silent-body"), UNAVAILABLE, R2_BODY),
  row(SETS, "vectors: cut off", "set", vectors("truncated"), ANSWER),
  row(SETS, "vectors: a bit changed", "set", vectors("wrong-bytes"), ANSWER),
  row(SETS, "vectors: missing", "set", vectors("missing"), ANSWER),
  row(SETS, "takes no writes", "create", [{ on: "SETS.put", kind: "error" }], UNAVAILABLE),
  row(SETS, "never answers a write", "create", [{ on: "SETS.put", kind: "silence" }], UNAVAILABLE, R2_BODY),
  row(SETS, "definition: error", "show", [{ on: "SETS.get", kind: "error" }], UNAVAILABLE),
  row(SETS, "definition: a bit changed", "show", [{ on: "SETS.get", kind: "wrong-bytes" }], UNAVAILABLE),
  row(SETS, "definition: cut off", "show", [{ on: "SETS.get", kind: "truncated" }], UNAVAILABLE),
  row(SETS, "does not list", "list", [{ on: "SETS.list", kind: "error" }], UNAVAILABLE),
  row(SETS, "does not delete", "delete", [{ on: "SETS.delete", kind: "error" }], UNAVAILABLE),
];

const FILES = "R2, files";
const fileRows = [
  row(FILES, "errors", "file", [{ on: "FILES.get", kind: "error" }], "overloaded"),
  row(FILES, "never answers", "file", [{ on: "FILES.get", kind: "silence" }], "overloaded", R2),
  row(FILES, "answers a second late", "file", [{ on: "FILES.get", kind: "late" }], ANSWER),
  row(FILES, "breaks off with an error", "file", [{ on: "FILES.get", kind: "broken-body" }], "overloaded"),
  row(
    FILES,
    "stops in the middle",
    "file",
    [{ on: "FILES.get", kind: "silent-body" }],
    "overloaded",
    R2_BODY,
  ),
  row(FILES, "takes no writes", "upload", [{ on: "FILES.put", kind: "error" }], "overloaded"),
  row(
    FILES,
    "never answers a write",
    "upload",
    [{ on: "FILES.put", kind: "silence" }],
    "overloaded",
    R2_BODY,
  ),
  row(FILES, "does not delete", "delete file", [{ on: "FILES.delete", kind: "error" }], "overloaded"),
];

/** It is asked twice where that is harmless. */
const TWICE = SOON + 10_000;
const ACCOUNT = "an account's Durable Object";
const asked = (kind: FaultRule["kind"]): FaultRule[] => [{ on: "ACCOUNTS.ask", kind }];
const accountRows = [
  row(ACCOUNT, "errors", "upload", asked("error"), "overloaded"),
  row(ACCOUNT, "never answers", "upload", asked("silence"), "overloaded", TWICE + 5_000),
  row(ACCOUNT, "errors", "files", asked("error"), "overloaded"),
  row(ACCOUNT, "never answers", "files", asked("silence"), "overloaded", TWICE),
  row(ACCOUNT, "answers a second late", "files", asked("late"), ANSWER),
  row(ACCOUNT, "errors", "delete file", asked("error"), "overloaded"),
];

const SEARCH = "search Worker";
const searching = (kind: FaultRule["kind"]): FaultRule[] => [{ on: "SEARCH.search", kind }];
const STORE = "a vector store's Durable Object";
const ofStore = (kind: FaultRule["kind"], method: string): FaultRule[] => [
  { on: "VECTOR_STORES.ask", kind, key: method },
];
const SEGMENTS = "R2, segments";
/** A part of a segment is read twice. */
const segments = (kind: FaultRule["kind"]): FaultRule[] => [{ on: "VECTORS.get", kind }];
const storeRows = [
  row(SEARCH, "throws", "search", searching("error"), "overloaded"),
  row(SEARCH, "is killed in mid-request", "search", searching("kill"), "overloaded"),
  row(SEARCH, "never answers", "search", searching("silence"), "overloaded", WORKER),
  row(SEARCH, "answers a second late", "search", searching("late"), ANSWER),
  row(SEARCH, "refuses", "search", searching("refusal"), "overloaded"),
  row(STORE, "view: error", "search", ofStore("error", "view"), "overloaded"),
  row(STORE, "view: is killed in mid-request", "search", ofStore("kill", "view"), "overloaded"),
  row(STORE, "view: never answers", "search", ofStore("silence", "view"), "overloaded", SOON + 5_000),
  row(STORE, "view: a second late", "search", ofStore("late", "view"), ANSWER),
  row(STORE, "names of hits: error", "search", ofStore("error", "describe"), "overloaded"),
  row(STORE, "errors", "add", ofStore("error", "add"), "overloaded"),
  row(STORE, "is killed in mid-request", "add", ofStore("kill", "add"), "overloaded"),
  row(STORE, "never answers", "add", ofStore("silence", "add"), "overloaded", TWICE),
  row(
    STORE,
    "one answer is lost",
    "add",
    [{ on: "VECTOR_STORES.ask", kind: "lost", key: "add", times: 1 }],
    ANSWER,
  ),
  row(STORE, "answers are lost", "add", ofStore("lost", "add"), ANSWER),
  row(STORE, "answers a second late", "add", ofStore("late", "add"), ANSWER),
  row(SEGMENTS, "errors", "search", segments("error"), "overloaded"),
  row(SEGMENTS, "errors once", "search", [{ on: "VECTORS.get", kind: "error", times: 1 }], ANSWER),
  row(SEGMENTS, "never answers", "search", segments("silence"), "overloaded", 2 * R2),
  row(SEGMENTS, "answers a second late", "search", segments("late"), ANSWER),
  row(SEGMENTS, "comes drop by drop", "search", segments("drip"), ANSWER),
  row(SEGMENTS, "stops in the middle", "search", segments("silent-body"), "overloaded", 2 * R2),
  row(SEGMENTS, "breaks off with an error", "search", segments("broken-body"), "overloaded"),
  row(SEGMENTS, "is cut off", "search", segments("truncated"), "overloaded"),
  row(SEGMENTS, "has a bit changed", "search", segments("wrong-bytes"), "overloaded"),
  row(SEGMENTS, "is missing", "search", segments("missing"), "overloaded"),
  row(
    "R2, marks of vector stores",
    "takes no writes",
    "create store",
    [{ on: "VECTORS.put", kind: "error" }],
    "overloaded",
  ),
];

const QUEUE = "queue";
const queueRows = [
  row(QUEUE, "errors", "create large", [{ on: "BUILDS.send", kind: "error" }], "overloaded"),
  row(QUEUE, "never answers", "create large", [{ on: "BUILDS.send", kind: "silence" }], "overloaded", R2),
];

const WORKERS = [
  ["decoder", "DECODER.decode"],
  ["image tower", "VISION.embedPixels"],
  ["text tower", "TEXT.embedTokens"],
] as const;
const workerRows = WORKERS.flatMap(([name, on]) => {
  const failing = (kind: FaultRule["kind"]): FaultRule[] => [{ on, kind }];
  return [
    row(name, "throws", "new labels", failing("error"), UNAVAILABLE),
    row(name, "is killed in mid-request", "new labels", failing("kill"), UNAVAILABLE),
    row(name, "never answers", "new labels", failing("silence"), UNAVAILABLE, WORKER),
    row(name, "answers a second late", "new labels", failing("late"), ANSWER),
    row(name, "refuses", "new labels", failing("refusal"), UNAVAILABLE),
  ];
});

const everything = (...operations: string[]): FaultRule[] => operations.map((on) => ({ on, kind: "error" }));
const outages: FaultRow[] = [
  {
    ...row(
      "all of R2",
      "down for 30 s",
      "set",
      everything("MODELS.get", "SETS.get", "SETS.head", "SETS.list", "SETS.put", "SETS.delete"),
      UNAVAILABLE,
    ),
    lasts: 30_000,
  },
  {
    ...row("all of KV", "down for 10 s", "set", everything("CACHE.get", "CACHE.put"), ANSWER),
    lasts: 10_000,
  },
];

export const FAULT_ROWS: readonly FaultRow[] = [
  ...manifestRows,
  ...shardRows,
  ...tokenRows,
  ...kvRows,
  ...setRows,
  ...fileRows,
  ...accountRows,
  ...storeRows,
  ...queueRows,
  ...workerRows,
  row(
    "image tower",
    "is of another revision",
    "new labels",
    [{ on: "VISION.embedPixels", kind: "stale" }],
    UNAVAILABLE,
  ),
  row(
    "text tower",
    "is of another revision",
    "new labels",
    [{ on: "TEXT.embedTokens", kind: "stale" }],
    UNAVAILABLE,
  ),
  ...outages,
];
