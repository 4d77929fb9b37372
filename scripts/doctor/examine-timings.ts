/** Findings on the time of a classification, cold and warm. */
import type { Classified, Deployment } from "./ask-deployment.ts";
import { type Finding, ms, verdictOf } from "./finding.ts";

const SECTION = "time of a classification";

export function examineTimings({ classifications }: Deployment): Finding[] {
  const failed = classifications.find((each) => "error" in each);
  if (failed !== undefined && "error" in failed) {
    return [
      {
        section: SECTION,
        name: "fox.png, three labels",
        value: failed.error,
        expected: "an answer",
        otherwise: "clients get the same refusal: docs/operations.md lists the symptoms",
        verdict: "differs",
      },
    ];
  }
  const [first, ...warm] = classifications.flatMap((each) => ("value" in each ? [each.value] : []));
  const median = warm.toSorted((a, b) => a.elapsed - b.elapsed)[Math.floor(warm.length / 2)];
  if (first === undefined || median === undefined) return [];
  return [
    {
      section: SECTION,
      name: "prediction",
      value: first.prediction,
      expected: "fox",
      otherwise:
        "the model is another than it should be, or its weights were built wrongly: npm run model:verify",
      verdict: verdictOf([first, ...warm].every(({ prediction }) => prediction === "fox")),
    },
    coldFinding("image", first),
    coldFinding("text", first),
    {
      section: SECTION,
      name: "first answer, with a label that is new",
      value: shown(first),
      expected: "the parts of a warm answer, and text",
      otherwise: "a part that is far above its warm time loaded something",
      verdict: "unknown",
    },
    {
      section: SECTION,
      name: "warm answer, median of three",
      value: shown(median),
      expected: "no load, and all label tokens from a cache",
      otherwise:
        "another isolate answered each time, or KV does not keep embeddings: the text tower works for each request",
      verdict: verdictOf(!median.timings.has("image-load") && median.cachedTokens === median.tokens),
    },
  ];
}

function coldFinding(tower: "image" | "text", { timings }: Classified): Finding {
  const load = timings.get(`${tower}-load`);
  return {
    section: SECTION,
    name: `cold ${tower} tower`,
    value:
      load === undefined
        ? "not waited for: it was warm, or loaded while the picture was decoded"
        : `${ms(load.ms)} to load: manifest ${ms(timings.get(`${tower}-manifest`)?.ms ?? 0)}, shards ${ms(timings.get(`${tower}-shards`)?.ms ?? 0)} from ${load.from ?? "an unknown source"}`,
    expected: "about what docs/cold-start.md measured for the source",
    otherwise: "far more: the source is far away or slow; the line on the cache says which it should be",
    verdict: load?.from === "repaired" ? "differs" : load === undefined ? "unknown" : "ok",
  };
}

function shown({ elapsed, timings }: Classified): string {
  const parts = [...timings].map(([name, { ms: time }]) => `${name} ${ms(time)}`);
  return `${ms(elapsed)} as the client saw it; ${parts.join(", ")}`;
}
