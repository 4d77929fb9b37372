/** Measures how time and memory grow with the size of pictures, and with the pictures and labels in a request. */
import { syntheticInput } from "../../../build/synthetic/synthetic-tensor.ts";
import { exampleBase64 } from "../../support/example-pictures.ts";
import { post } from "../../support/post.ts";
import { totalBytes, type Workers } from "../../support/workers.ts";
import { interleave } from "../harness/interleave.ts";
import { median } from "../harness/statistics.ts";
import type { Options, Report, Suite } from "../harness/suite.ts";
import { digits } from "../harness/times-table.ts";
import { createWorkersOf, type Engines } from "../support/both-engines.ts";

const SIZES = [256, 320, 384];
const PICTURES = [1, 2, 4, 8, 16];
const LABELS = [10, 100, 1000];
const ENGINES = ["ort", "simd"] as const;

type Points = Record<(typeof ENGINES)[number], [number, number][]>;

/** Memory of the image tower's largest isolate, bytes. */
async function largestTower(workers: Workers): Promise<number> {
  const held = [...(await workers.memory())].filter(([name]) => name.includes("vision"));
  return Math.max(...held.map(([, memory]) => totalBytes(memory)));
}

async function timesOf(
  engines: Engines,
  ask: (workers: Workers) => Promise<unknown>,
  rounds: number,
): Promise<Record<(typeof ENGINES)[number], number>> {
  const contenders = ENGINES.map((name) => ({ name, run: () => ask(engines[name]) }));
  const times = await interleave(contenders, { rounds, warmUp: 2 });
  return { ort: median(times.get("ort") ?? []), simd: median(times.get("simd") ?? []) };
}

async function classify({ url }: Workers, images: string[], labels: string[]): Promise<void> {
  const { status, body } = await post(`${url}/v1/classify`, { images, labels });
  if (status !== 200) throw new Error(`classify answered ${status}: ${JSON.stringify(body)}`);
}

function names(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `thing number ${at}`);
}

async function bySize(quick: boolean, points: Points): Promise<(string | number)[][]> {
  const rows: (string | number)[][] = [];
  for (const size of quick ? [64] : SIZES) {
    const engines = await createWorkersOf(quick, size);
    try {
      const pixels = syntheticInput(`input:${size}`, 3 * size * size);
      const path = `/tensor?height=${size}&width=${size}`;
      const ask = async (workers: Workers): Promise<unknown> =>
        (await workers.probe(path, pixels)).arrayBuffer();
      const times = await timesOf(engines, ask, quick ? 1 : 8);
      for (const engine of ENGINES) points[engine].push([size, times[engine]]);
      const memory = await Promise.all(ENGINES.map((engine) => largestTower(engines[engine])));
      rows.push([
        size,
        digits(times.ort),
        digits(times.simd),
        ...memory.map((bytes) => (bytes / 1e6).toFixed(0)),
      ]);
    } finally {
      await Promise.all(ENGINES.map((engine) => engines[engine].dispose()));
    }
  }
  return rows;
}

async function run({ quick }: Options): Promise<Report> {
  const [sizes, pictures]: [Points, Points] = [
    { ort: [], simd: [] },
    { ort: [], simd: [] },
  ];
  const sizeRows = await bySize(quick, sizes);
  const engines = await createWorkersOf(quick);
  try {
    const image = await exampleBase64("fox.png");
    const pictureRows: (string | number)[][] = [];
    for (const count of quick ? PICTURES.slice(0, 2) : PICTURES) {
      // Equal pictures would be embedded once. A byte after the end of each PNG makes them differ without changing the
      // pixels.
      const images = Array.from({ length: count }, (_, at) =>
        Buffer.concat([Buffer.from(image, "base64"), Buffer.of(at)]).toString("base64"),
      );
      const times = await timesOf(engines, (workers) => classify(workers, images, names(10)), quick ? 1 : 3);
      for (const engine of ENGINES) pictures[engine].push([count, times[engine]]);
      pictureRows.push([
        count,
        digits(times.ort),
        digits(times.simd),
        digits(times.ort / count),
        digits(times.simd / count),
      ]);
    }
    const labelRows: (string | number)[][] = [];
    for (const count of quick ? LABELS.slice(0, 2) : LABELS) {
      const times = await timesOf(
        engines,
        (workers) => classify(workers, [image], names(count)),
        quick ? 1 : 5,
      );
      labelRows.push([count, digits(times.ort), digits(times.simd)]);
    }
    return {
      title: "Growth",
      about: "base_w in workerd, warm, both engines in turns.",
      tables: [
        {
          columns: [
            "pixels a side",
            "image tower, ort, ms",
            "simd, ms",
            "its largest isolate, ort, MB",
            "simd, MB",
          ],
          rows: sizeRows,
          note: "The tower is convolutional: its time grows with the number of pixels, its memory with the largest map. The peak memory of isolates is in [memory](memory.md).",
        },
        {
          columns: [
            "pictures a request",
            "classify, ort, ms",
            "simd, ms",
            "ort, ms for each picture",
            "simd, ms for each picture",
          ],
          rows: pictureRows,
        },
        {
          columns: ["labels, cached, in the request", "classify, ort, ms", "simd, ms"],
          rows: labelRows,
          note: "Stored sets cost less: see [label sets](label-sets.md).",
        },
      ],
      plots: [
        {
          file: "growth-size.png",
          alt: "Time of the image tower against the picture's size",
          chart: {
            title: "Image tower by size of picture",
            x: "pixels a side",
            y: "milliseconds",
            evenX: true,
            lines: ENGINES.map((engine) => ({ name: engine, points: sizes[engine] })),
          },
        },
        {
          file: "growth-pictures.png",
          alt: "Time of a classification against the number of pictures",
          chart: {
            title: "Classification by number of pictures",
            x: "pictures a request",
            y: "milliseconds",
            lines: ENGINES.map((engine) => ({ name: engine, points: pictures[engine] })),
          },
        },
      ],
    };
  } finally {
    await Promise.all(ENGINES.map((engine) => engines[engine].dispose()));
  }
}

export const growth: Suite = { name: "growth", run };
