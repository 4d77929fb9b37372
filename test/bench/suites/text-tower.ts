/** The text tower: what a text costs by its length, alone and among others, on both engines. */
import { createWorkersOf, type Engines } from "../support/both-engines.ts";
import { interleave } from "../harness/interleave.ts";
import { median } from "../harness/statistics.ts";
import type { Options, Report, Suite } from "../harness/suite.ts";
import { digits, timesTable } from "../harness/times-table.ts";
import { END_OF_TEXT, START_OF_TEXT } from "../../../model-shards/clip-bpe.ts";

const LENGTHS = [5, 10, 20, 77];
const COUNTS = [1, 10, 100];
const ENGINES = ["ort", "simd"] as const;

/** So many token sequences of a length, all different. */
function tokens(count: number, length: number): Int32Array<ArrayBuffer> {
  return Int32Array.from({ length: count * length }, (_, at) => {
    const place = at % length;
    if (place === 0) return START_OF_TEXT;
    return place === length - 1 ? END_OF_TEXT : 1000 + ((at * 7919) % 40_000);
  });
}

async function ask(engines: Engines, engine: "ort" | "simd", count: number, length: number): Promise<void> {
  const lengths = Array.from({ length: count }, () => length).join(",");
  const response = await engines[engine].probe(`/tokens?lengths=${lengths}`, tokens(count, length));
  if (!response.ok) throw new Error(`the text tower answered ${response.status}: ${await response.text()}`);
  await response.arrayBuffer();
}

async function run({ quick }: Options): Promise<Report> {
  const engines = await createWorkersOf(quick);
  try {
    const one = LENGTHS.flatMap((length) =>
      ENGINES.map((engine) => ({
        name: `${length} tokens, ${engine}`,
        run: () => ask(engines, engine, 1, length),
      })),
    );
    const times = await interleave(one, quick ? { rounds: 2, warmUp: 1 } : { rounds: 15, warmUp: 5 });
    const many = (quick ? COUNTS.slice(0, 2) : COUNTS).flatMap((count) =>
      ENGINES.map((engine) => ({
        name: `${count} texts, ${engine}`,
        run: () => ask(engines, engine, count, 10),
      })),
    );
    const together = await interleave(many, quick ? { rounds: 1, warmUp: 0 } : { rounds: 5, warmUp: 1 });
    const of = (name: string): number => median(times.get(name) ?? []);
    const targets = ENGINES.map((engine) => {
      const ratio = of(`10 tokens, ${engine}`) / of(`77 tokens, ${engine}`);
      return {
        what: `10 tokens against the same padded to 77, ${engine}`,
        target: "≤ 0.25",
        reached: digits(ratio),
        met: ratio <= 0.25,
      };
    });
    return {
      title: "Text tower",
      about: `In workerd, warm, both engines in turns. A text runs on as many positions as it has tokens: padding after its
end token cannot change the answer, so it is not computed.`,
      tables: [
        timesTable(times, "77 tokens, ort"),
        {
          columns: ["texts of 10 tokens in one request", "ms a text"],
          rows: [...together].map(([name, values]) => [
            name,
            digits(median(values) / Number.parseInt(name, 10)),
          ]),
          note: "Texts run one by one, so that a vector does not depend on its neighbours; a request saves its own overhead.",
        },
      ],
      targets,
    };
  } finally {
    await Promise.all(ENGINES.map((engine) => engines[engine].dispose()));
  }
}

export const textTower: Suite = { name: "text-tower", dependsOnDot: true, run };
