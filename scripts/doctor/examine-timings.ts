/** Findings on the time of a classification, cold and warm, by each model. */
import type { Deployment, ModelClassifications } from "./ask-deployment.ts";
import type { Classified } from "./classify-example.ts";
import { type Finding, ms, verdictOf } from "./finding.ts";
import { loadLimit, shownLimits } from "./load-limits.ts";

export function examineTimings({ classifications, parts: { towers } }: Deployment): Finding[] {
  const models = "value" in towers ? towers.value.models : [];
  return classifications.flatMap(({ model, answers }) => {
    const about = models.find((each) => each.model === model);
    const bytes = { image: about?.image_bytes ?? null, text: about?.text_bytes ?? null };
    const section = `time of a classification${model === undefined ? "" : ` by ${model}`}`;
    return examineModel(answers, bytes).map((finding) => ({ section, ...finding }));
  });
}

type SectionFinding = Omit<Finding, "section">;
type Tower = "image" | "text";

/** @param bytes of each tower's shards; null if they are not known */
function examineModel(
  answers: ModelClassifications["answers"],
  bytes: Record<Tower, number | null>,
): SectionFinding[] {
  const failed = answers.find((each) => "error" in each);
  if (failed !== undefined && "error" in failed) {
    return [
      {
        name: "fox.png, three labels",
        value: failed.error,
        expected: "an answer",
        otherwise: "clients get the same refusal: docs/operations.md lists the symptoms",
        verdict: "differs",
      },
    ];
  }
  const [first, ...warm] = answers.flatMap((each) => ("value" in each ? [each.value] : []));
  const median = warm.toSorted((a, b) => a.elapsed - b.elapsed)[Math.floor(warm.length / 2)];
  if (first === undefined || median === undefined) return [];
  return [
    {
      name: "prediction",
      value: first.prediction,
      expected: "fox",
      otherwise:
        "the model is another than it should be, or its weights were built wrongly: npm run model:verify",
      verdict: verdictOf([first, ...warm].every(({ prediction }) => prediction === "fox")),
    },
    coldFinding("image", first, bytes.image),
    coldFinding("text", first, bytes.text),
    {
      name: "first answer, with a label that is new",
      value: shown(first),
      expected: "the parts of a warm answer, and text",
      otherwise: "a part that is far above its warm time loaded something",
      verdict: "unknown",
    },
    {
      name: "warm answer, median of three",
      value: shown(median),
      expected: "no load, and all label tokens from a cache",
      otherwise:
        "another isolate answered each time, or KV does not keep embeddings: the text tower works for each request",
      verdict: verdictOf(!median.timings.has("image-load") && median.cachedTokens === median.tokens),
    },
  ];
}

function coldFinding(tower: Tower, { timings }: Classified, bytes: number | null): SectionFinding {
  const load = timings.get(`${tower}-load`);
  const limit = loadLimit(load?.from ?? null, bytes);
  return {
    name: `cold ${tower} tower`,
    value:
      load === undefined
        ? "not waited for: it was warm, or loaded while the picture was decoded"
        : `${ms(load.ms)} to load: manifest ${ms(timings.get(`${tower}-manifest`)?.ms ?? 0)}, shards ${ms(timings.get(`${tower}-shards`)?.ms ?? 0)} from ${load.from ?? "an unknown source"}`,
    expected: shownLimits(bytes),
    otherwise:
      "slower: the source is far away or slow, and the line on the cache says which it should be; repaired: the cache gave wrong bytes",
    verdict:
      load?.from === "repaired"
        ? "differs"
        : load === undefined || limit === undefined
          ? "unknown"
          : verdictOf(load.ms <= limit),
  };
}

function shown({ elapsed, timings }: Classified): string {
  const parts = [...timings].map(([name, { ms: time }]) => `${name} ${ms(time)}`);
  return `${ms(elapsed)} as the client saw it; ${parts.join(", ")}`;
}
