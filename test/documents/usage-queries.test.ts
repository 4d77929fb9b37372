/**
 * The documents' queries, run: on SQLite, with the functions of Cloudflare's SQL that they use, over points as the
 * gateway writes them. A query that takes one column for another gives a wrong number here.
 */
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { USAGE_COLUMNS, type UsageRecord, usagePoint } from "../../functions/usage/usage-point.ts";
import { committedConfig, GATEWAY_CONFIG } from "../../scripts/worker-configs.ts";
import { readDocument } from "./markdown.ts";

/** Seconds since 1970, at the start of a minute. */
const NOW = 1_800_000_000;
const HOUR = 3600;
const UNITS = { MINUTE: 60, HOUR, DAY: 24 * HOUR };

const usual: UsageRecord = {
  account: "acme",
  key: "key_1",
  tier: "free",
  route: "/v1/classify",
  status: "200",
  code: "",
  model: "demo@1",
  requests: 1,
  images: 2,
  cached_images: 1,
  tokens: 10,
  cached_tokens: 5,
  milliseconds: 40,
};
const nothing = { model: "", images: 0, cached_images: 0, tokens: 0, cached_tokens: 0 };
const overloaded = { ...nothing, status: "503", code: "overloaded", milliseconds: 5 };
const limited = { ...nothing, status: "429", code: "rate_limit_exceeded", milliseconds: 1 };
const batch = { route: "/v1/batches/v1/classify", requests: 30, milliseconds: 9_000 };
/** A part of a label set. */
const background = {
  route: "/v1/label_sets",
  status: "",
  requests: 0,
  images: 0,
  cached_images: 0,
  tokens: 7,
  cached_tokens: 0,
  milliseconds: 0,
};
/** Points, how many requests each stands for, and when it was written. */
const POINTS: [record: Partial<UsageRecord>, sampleInterval: number, at: number][] = [
  [{}, 3, NOW - 60],
  [{ milliseconds: 90 }, 1, NOW - 60],
  [overloaded, 1, NOW - 60],
  [{ account: "other", tier: "public", key: "", ...limited }, 2, NOW - 120],
  [batch, 1, NOW - 120],
  [background, 1, NOW - 120],
  [{ images: 1000 }, 1, NOW - 30 * UNITS.DAY],
];

const database = new DatabaseSync(":memory:");
const columns = Object.keys(USAGE_COLUMNS);
database.exec(`CREATE TABLE edgeclip_usage (timestamp, _sample_interval, ${columns.join()})`);
const insert = database.prepare(`INSERT INTO edgeclip_usage VALUES (${"?, ".repeat(columns.length + 1)}?)`);
for (const [record, interval, at] of POINTS) {
  const { indexes, blobs, doubles } = usagePoint({ ...usual, ...record });
  insert.run(at, interval, ...indexes, ...blobs, ...doubles);
}
database.function("NOW", () => NOW);
database.function("toStartOfInterval", (time, seconds) => Number(time) - (Number(time) % Number(seconds)));
// The state is text: the level, then each value as often as it weighs.
database.aggregate("quantileExactWeighted", {
  start: "",
  step: (state, level, value, weight) =>
    `${(state as string) || String(level)}${` ${String(value)}`.repeat(Number(weight))}`,
  result: (state) => {
    const [level = 0, ...values] = (state as string).split(" ").map(Number);
    values.sort((a, b) => a - b);
    return values[Math.min(values.length - 1, Math.floor(level * values.length))] ?? null;
  },
});

/** What is written otherwise in SQLite. */
function inSqlite(query: string): string {
  return query
    .replaceAll(/INTERVAL '(\d+)' (MINUTE|HOUR|DAY)/g, (_, n, unit) =>
      String(Number(n) * UNITS[unit as keyof typeof UNITS]),
    )
    .replaceAll(/quantileExactWeighted\(([\d.]+)\)\(/g, "quantileExactWeighted($1, ");
}

/** The queries in blocks of SQL, by the comment above them. */
async function queriesOf(path: string): Promise<[title: string, query: string][]> {
  const { text } = await readDocument(path);
  const blocks = [...text.matchAll(/^```sql\n([\s\S]*?)^```$/gm)].map(([, block = ""]) => block);
  return blocks
    .flatMap((block) => block.split(/\n(?=--)/))
    .map((part) => [/^-- (.*)/.exec(part)?.[1] ?? path, part.replaceAll(/^--.*\n/gm, "").trim()]);
}

const minute = NOW - 60;
const EXPECTED: [title: RegExp, rows: object[]][] = [
  [
    /^Requests by minute and status/,
    [
      { minute: minute - 60, status: "200", requests: 30 },
      { minute: minute - 60, status: "429", requests: 2 },
      { minute, status: "200", requests: 4 },
      { minute, status: "503", requests: 1 },
    ],
  ],
  [
    /^Share of requests that the service failed/,
    [
      { minute: minute - 60, failed: 0 },
      { minute, failed: 0.2 },
    ],
  ],
  [/^Their codes/, [{ code: "overloaded", route: "/v1/classify", requests: 1 }]],
  [/^Latency/, [{ route: "/v1/classify", p50: 40, p95: 90 }]],
  [/^Share of label tokens/, [{ cached: 0.5 }]],
  [
    /^Pictures a second/,
    [
      { minute: minute - 60, model: "demo@1", pictures: 1 / 60 },
      { minute, model: "demo@1", pictures: 4 / 60 },
    ],
  ],
  [/^Accounts above/, [{ account: "other", tier: "public", requests: 2 }]],
  [/^Lines of batches/, [{ route: "/v1/batches/v1/classify", status: "200", code: "", requests: 30 }]],
  [
    /^docs\/access.md/,
    [
      { account: "acme", requests: 35, images: 10, tokens: 57 },
      { account: "other", requests: 2, images: 0, tokens: 0 },
    ],
  ],
];

function byText(a: object, b: object): number {
  return JSON.stringify(a).localeCompare(JSON.stringify(b));
}

const queries = (await Promise.all(["docs/operations.md", "docs/access.md"].map(queriesOf))).flat();

describe("the usage dataset", () => {
  it("is the one that the gateway is bound to", () => {
    const { analytics_engine_datasets: datasets } = committedConfig(GATEWAY_CONFIG) as object as {
      analytics_engine_datasets: object[];
    };
    expect(datasets).toEqual([{ binding: "USAGE", dataset: "edgeclip_usage" }]);
  });

  it("has the columns that docs/access.md lists", async () => {
    const { text } = await readDocument("docs/access.md");
    const table = text.split("| column | |\n")[1]?.split("\n\n")[0] ?? "";
    const listed = table.split("\n").flatMap((row) => {
      const [, cells = "", names = ""] = row.split("|");
      const words = [...names.matchAll(/`([a-z_]+)`/g)].map(([, name]) => name);
      return [...cells.matchAll(/`(\w+)`/g)].map(([, column], i) => [column, words[i]]);
    });
    expect(listed).toEqual(Object.entries(USAGE_COLUMNS));
  });

  it("is queried under its columns' own names", () => {
    expect(queries.length).toBe(EXPECTED.length);
    for (const [title, query] of queries) {
      for (const [, column = "", alias] of query.matchAll(/\b((?:index|blob)\d+) AS (\w+)/g)) {
        expect(alias, title).toBe(USAGE_COLUMNS[column as keyof typeof USAGE_COLUMNS]);
      }
    }
  });

  it.each(queries)("%s", (title, query) => {
    const [, rows] = EXPECTED.find(([pattern]) => pattern.test(title)) ?? [];
    const found = database.prepare(inSqlite(query)).all();
    const plain = found.map((row) => ({ ...row }));
    expect(plain.toSorted(byText)).toEqual(rows?.toSorted(byText));
  });
});
