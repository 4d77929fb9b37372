/** Measures the text tower's time for texts of different lengths, alone and together with others, on both engines. */
import { createWorkersOf, type Engines } from "../support/both-engines.ts";
import { syntheticInput } from "../../../build/synthetic/synthetic-tensor.ts";
import { hostDot } from "../../support/models/simd-kernels.ts";
import { textsOnSimd } from "../contenders/tower-contenders.ts";
import { benchModel } from "../support/benched-model.ts";
import { cpuTime, interleave } from "../harness/interleave.ts";
import { median } from "../harness/statistics.ts";
import type { Options, Report, Suite } from "../harness/suite.ts";
import { digits, timesTable } from "../harness/times-table.ts";
import { END_OF_TEXT, START_OF_TEXT } from "../../../model-shards/clip-bpe.ts";

const LENGTHS = [5, 10, 20, 77];
const COUNTS = [1, 10, 100];
const TEXT_LENGTH = 10;
const ENGINES = ["ort", "simd"] as const;

/** `count` different token sequences of one length. */
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

/**
 * A thousand texts of 10 tokens on the own kernels in Node: one at a time, and as many together as the engine asks for.
 * @returns milliseconds of both ways, measured in turns, and whether their vectors are equal bit by bit
 */
async function thousandTexts(
  quick: boolean,
): Promise<{ times: Map<string, number[]>; same: boolean; block: number }> {
  const { model } = await benchModel(quick);
  const { positions, width, embed } = await textsOnSimd(model, "relaxed");
  const count = quick ? 8 : 1000;
  const block = Math.max(1, Math.floor(positions / TEXT_LENGTH));
  const rows = syntheticInput("input:texts", count * TEXT_LENGTH * width).map((value) => 0.02 * value);
  const vectors = (at: number, texts: number): number[] => {
    const found: number[] = [];
    for (let first = 0; first < texts; first += at) {
      const some = Math.min(at, texts - first);
      const from = first * TEXT_LENGTH * width;
      const part = rows.subarray(from, from + some * TEXT_LENGTH * width);
      found.push(
        ...embed(
          part,
          Array.from({ length: some }, () => TEXT_LENGTH),
        ),
      );
    }
    return found;
  };
  const [alone, together] = [1, block].map((at) => vectors(at, Math.min(count, 4 * block)));
  const same = alone?.every((value, i) => value === together?.[i]) === true;
  const ways = [1, block].map((at) => ({ name: `${at} at a time`, run: () => vectors(at, count) }));
  return { times: await interleave(ways, { rounds: quick ? 1 : 3, warmUp: 0 }, cpuTime), same, block };
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
    const thousand = await thousandTexts(quick);
    const seconds = (at: number): number => median(thousand.times.get(`${at} at a time`) ?? []);
    const gain = seconds(1) / seconds(thousand.block);
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
    const most = { bytes: 0.38, "7-bit": 0.65, none: 0.8 }[await hostDot()];
    const engineRatio = of("10 tokens, simd") / of("10 tokens, ort");
    targets.push(
      {
        what: "10 tokens, simd against ort",
        target: `≤ ${most}`,
        reached: digits(engineRatio),
        met: engineRatio <= most,
      },
      {
        what: "1,000 texts of 10 tokens together, times as fast as one at a time, same bits",
        target: "≥ 1.6",
        reached: thousand.same ? digits(gain) : "other bits",
        met: thousand.same && gain >= 1.6,
      },
    );
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
          note: `On ort texts run one by one, because their activations share one scale in a run, and a vector must not depend
on its neighbors; a request saves its own overhead. On the own kernels they run together: each row has its own scale.`,
        },
        {
          ...timesTable(thousand.times, "1 at a time"),
          note: `A thousand texts of ${TEXT_LENGTH} tokens on the own kernels in Node: several texts as one block of rows, whose activations are
scaled row by row. The vectors are ${thousand.same ? "the same to the bit" : "**not** the same"}.`,
        },
      ],
      targets,
    };
  } finally {
    await Promise.all(ENGINES.map((engine) => engines[engine].dispose()));
  }
}

export const textTower: Suite = { name: "text-tower", dependsOnDot: true, run };
