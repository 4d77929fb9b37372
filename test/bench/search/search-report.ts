/** The report of `npm run bench:search`. */
import { loadavg } from "node:os";
import { megabytes } from "../../../build/report/megabytes.ts";
import { SearchService } from "../../search/support/search-service.ts";
import { median, quantile } from "../harness/statistics.ts";
import type { Options, Report, Table } from "../harness/suite.ts";
import { digits } from "../harness/times-table.ts";
import { BenchStore, ONE_QUERY, type Question, type Series, series, WIDTH } from "./bench-store.ts";
import { moneyTable } from "./money-table.ts";
import { type Peak, peakOfSearch } from "./peak-of-search.ts";
import { measureRecall, type Share } from "./recall.ts";
import { scanSpeed } from "./scan-speed.ts";

const SIZES = [1_000, 3_000, 10_000, 30_000, 100_000];
/** Stores of the largest size, searched in turn: together about five times what the search Worker keeps. */
const STORES = 5;
const ROUNDS = 5;
const WARM = 200;
const LIMIT_BYTES = 120_000_000;
const MIN_RECALL = 0.99;
const FILTERED: Question = { queries: 1, filter: { type: "gte", key: "year", value: 2013 } };
const QUESTIONS: readonly [name: string, question: Question][] = [
  ["one query", ONE_QUERY],
  ["one query, a filter that half of the pictures pass", FILTERED],
  ["4 queries", { queries: 4, filter: null }],
  ["32 queries", { queries: 32, filter: null }],
];

const p50 = ({ searches }: Series): number => median(searches.map(({ ms }) => ms));
const p95 = ({ searches }: Series): number =>
  quantile(
    searches.map(({ ms }) => ms),
    0.95,
  );
const times = (measured: Series): string[] => [digits(p50(measured)), digits(p95(measured))];
const readsOf = ({ searches }: Series): number => median(searches.map(({ reads }) => reads));
const bytesOf = ({ searches }: Series): number => median(searches.map(({ bytesRead }) => bytesRead));
const percent = ({ mean, error }: Share): string =>
  `${(100 * mean).toFixed(2)} ± ${(100 * error).toFixed(2)} %`;
const thousands = (value: number): string => value.toLocaleString("en");

interface Growth {
  rows: (string | number)[][];
  cold: [number, number][];
  warm: [number, number][];
  /** The largest of the stores. */
  largest: BenchStore;
  ofLargest: Series;
}

async function growth(service: SearchService, sizes: readonly number[], warmCount: number): Promise<Growth> {
  const rows: (string | number)[][] = [];
  const cold: [number, number][] = [];
  const warm: [number, number][] = [];
  let last: { largest: BenchStore; ofLargest: Series } | undefined;
  for (const size of sizes) {
    const store = await BenchStore.filled(service, size);
    const first = await store.search();
    const measured = await series(warmCount, () => store.search());
    if (measured.searches.some(({ reads }) => reads > 0)) throw new Error("a warm search read R2");
    rows.push([
      thousands(size),
      digits(first.ms),
      first.reads,
      megabytes(first.bytesRead),
      ...times(measured),
      digits(measured.cpuMs),
    ]);
    cold.push([size, first.ms]);
    warm.push([size, p50(measured)]);
    last = { largest: store, ofLargest: measured };
  }
  if (last === undefined) throw new Error("no sizes");
  return { rows, cold, warm, ...last };
}

function memoryTable(phases: readonly (readonly [string, Map<string, Peak>])[]): Table {
  const rows = phases.flatMap(([phase, peaks]) =>
    [...peaks].map(([name, { wasm, buffers, heap, total }]) => [
      phase,
      name,
      ...[wasm, buffers, heap, total].map((bytes) => megabytes(bytes)),
    ]),
  );
  return {
    columns: ["most memory, MB", "isolate", "WASM", "buffers", "heap", "together"],
    rows,
    note: "Sampled every 20 ms while it runs, with V8's heap limited to 128 MiB. One isolate has the objects of all stores. The other Workers hold nothing of a search beyond its request: [memory](memory.md).",
  };
}

async function speedTable(quick: boolean): Promise<Table> {
  const { bytes, times: spent } = await scanSpeed(quick ? 4_000 : 100_000, WIDTH, quick ? 5 : 40);
  const plain = median(spent.get("plain read") ?? []);
  return {
    columns: ["", "median, ms", "GB/s", "÷ plain read's time"],
    rows: [...spent].map(([name, values]) => {
      const ms = median(values);
      return [name, digits(ms), (bytes / 1e6 / ms).toFixed(2), (ms / plain).toFixed(2)];
    }),
    note: `In turns, over the same ${megabytes(bytes)} MB of one memory, in Node: the same WASM in the same V8 as in workerd, or nearly. The plain read adds the memory up as int32, 64 bytes a step (\`test/bench/kernels/read.ts\`). The scan's bytes are those of rows, which are read once for all queries.`,
  };
}

export async function measureSearch({ quick }: Options): Promise<Report> {
  const load = loadavg()[0] ?? 0;
  const sizes = quick ? SIZES.slice(0, 2) : SIZES;
  const warmCount = quick ? 10 : WARM;
  const largestSize = thousands(sizes.at(-1) ?? 0);
  const speed = await speedTable(quick);
  const recall = await measureRecall(quick);
  const service = await SearchService.start();
  try {
    const { rows, cold, warm, largest, ofLargest } = await growth(service, sizes, warmCount);
    const questions: string[][] = [];
    for (const [name, question] of QUESTIONS) {
      // Loads the filter's columns.
      await largest.search(question);
      const measured = await series(quick ? 5 : WARM / 2, () => largest.search(question));
      questions.push([name, ...times(measured), digits(measured.cpuMs)]);
    }

    const stores = [largest];
    while (stores.length < (quick ? 2 : STORES)) stores.push(await BenchStore.filled(service, largest.rows));
    const inTurn = async (rounds: number, question?: Question): Promise<Series> =>
      await series(rounds * stores.length, (at) => stores[at % stores.length]!.search(question));
    const turns = await inTurn(quick ? 1 : ROUNDS);
    const phases = [
      ["one after the other", await peakOfSearch(service, () => inTurn(2))],
      ["the same with a filter", await peakOfSearch(service, () => inTurn(2, FILTERED))],
      [
        "three searches of each at once",
        await peakOfSearch(service, () =>
          Promise.all([0, 1, 2].flatMap(() => stores.map((store) => store.search()))),
        ),
      ],
    ] as const;
    const peak = Math.max(...phases.flatMap(([, peaks]) => [...peaks.values()].map(({ total }) => total)));
    const least = Math.min(recall.byPicture.mean, recall.byText.mean);
    return {
      title: "Searching vector stores",
      command: "npm run bench:search",
      about: `The real search and state Workers in workerd, over local R2, with a Worker in front of them instead of the
gateway; over loopback HTTP, so a time includes the request with its vector as JSON. Stores have synthetic vectors of
${WIDTH} values around 200 directions, and two attributes. Ten pictures are asked for. The machine's load when it began was
${load.toFixed(1)} (one minute's average), beside which times have to be read.`,
      tables: [
        {
          columns: [
            "pictures",
            "first search, ms",
            "its R2 reads",
            "MB read",
            "warm p50, ms",
            "p95, ms",
            "CPU, ms a search",
          ],
          rows,
          note: `One query, ${warmCount} warm searches of each store, one after the other; a warm search reads nothing from R2. The first search of a store was measured once; what is in no segment yet comes from the store's object. CPU time is that of workerd, all Workers together. Local R2 is a file; Cloudflare's takes longer.`,
        },
        {
          columns: [`warm, ${largestSize} pictures`, "p50, ms", "p95, ms", "CPU, ms a search"],
          rows: questions,
        },
        {
          columns: [
            `${stores.length} stores of ${largestSize} pictures in turn`,
            "p50, ms",
            "p95, ms",
            "CPU, ms a search",
            "R2 reads a search",
            "MB read a search",
          ],
          rows: [
            [
              `${turns.searches.length} searches`,
              ...times(turns),
              digits(turns.cpuMs),
              readsOf(turns),
              megabytes(bytesOf(turns)),
            ],
          ],
          note: "The search Worker keeps segments of about 100,000 such pictures. When larger stores take turns, every search finds its own gone and reads it again.",
        },
        memoryTable(phases),
        speed,
        moneyTable([
          { name: `warm, ${largestSize} pictures`, cpuMs: ofLargest.cpuMs, r2Reads: 0 },
          { name: `cold, ${largestSize} pictures`, cpuMs: turns.cpuMs, r2Reads: readsOf(turns) },
        ]),
        {
          columns: ["recall at 10 against exact float", "pictures in the store", "queries", "recall"],
          rows: [
            ["by pictures", thousands(recall.rows), recall.queries, percent(recall.byPicture)],
            ["by texts", thousands(recall.rows), recall.queries, percent(recall.byText)],
          ],
          note: "Drawings of two artists that the demonstration model embeds, width 128. Queries are pictures that are not in the store, and names of these. Rows are int8 with a scale each, queries int16; all else is exact. With its standard error, which says how much another choice of queries may change it. A small form of it is `test/search/recall.test.ts`.",
        },
      ],
      targets: [
        {
          what: "recall at 10 against exact float",
          target: `≥ ${MIN_RECALL}`,
          reached: least.toFixed(4),
          met: least >= MIN_RECALL,
        },
        {
          what: "most memory of an isolate, also with five stores in turn",
          target: `≤ ${megabytes(LIMIT_BYTES, 0)} MB`,
          reached: `${megabytes(peak)} MB`,
          met: peak <= LIMIT_BYTES,
        },
      ],
      plots: [
        {
          file: "search.png",
          alt: "Milliseconds of a search against pictures in the store",
          chart: {
            title: "A search by the size of the store",
            x: "pictures in the store",
            y: "milliseconds",
            lines: [
              { name: "first search", points: cold },
              { name: "warm, p50", points: warm },
            ],
          },
        },
      ],
    };
  } finally {
    await service.miniflare.dispose();
  }
}
