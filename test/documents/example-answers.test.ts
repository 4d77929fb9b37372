/** What the documents and the reference ask as examples, the demonstration model answers as a person would. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { examplesOf } from "../../functions/gateway/openapi/examples.ts";
import { exampleBase64 } from "../support/example-pictures.ts";
import { post } from "../support/post.ts";
import { startWorkers, type Workers } from "../support/workers.ts";
import { readDocument, readDocuments, ROOT } from "./markdown.ts";

let workers: Workers;

beforeAll(async () => {
  workers = await startWorkers();
});

afterAll(async () => {
  await workers.dispose();
});

/** Classifications by curl of a picture in the repository. */
const CURL = /^curl \S+\/v1\/classify -F image=@examples\/(\S+)\.png -F 'labels=(\[.*?\])'$/gm;

it("curl's classifications name what the picture shows", async () => {
  const asked = (await readDocuments()).flatMap(({ text }) => [...text.matchAll(CURL)]);
  expect(asked.length).toBeGreaterThan(0);
  for (const [command, shown = "", labels = ""] of asked) {
    const image = await exampleBase64(`${shown}.png`);
    const { body } = await post(`${workers.url}/v1/classify`, { image, labels: JSON.parse(labels) });
    expect(body.data[0].prediction, command).toBe(shown);
  }
});

it("the README's answer is the one that is given", async () => {
  const { text } = await readDocument("README.md");
  const [, labels = ""] = [...text.matchAll(CURL)][0]?.slice(1) ?? [];
  const [, label, score, similarity, logit] =
    /"predictions":\[\{"label":"(\w+)","score":([\d.]+),"similarity":([\d.]+),"logit":([\d.]+)/.exec(text) ??
    [];
  const image = await exampleBase64("fox.png");
  const { body } = await post(`${workers.url}/v1/classify`, { image, labels: JSON.parse(labels) });
  const [best] = body.data[0].predictions;
  expect(best.label).toBe(label);
  // Processors differ in the last digits.
  expect(best.score).toBeCloseTo(Number(score), 2);
  expect(best.similarity).toBeCloseTo(Number(similarity), 2);
  expect(best.logit).toBeCloseTo(Number(logit), 0);
  expect(text).toContain(`"model":"${body.model}","revision":"${body.revision}"`);
});

it("searches of the examples find what is asked for", async () => {
  const { text } = await readDocument("docs/retrieval.md");
  const queries = [...text.matchAll(/npm run retrieval -- search "([^"]+)"$/gm)].map(
    ([, query = ""]) => query,
  );
  expect(queries.length).toBeGreaterThan(0);
  const names = (await readdir(join(ROOT, "examples"))).filter((name) => name.endsWith(".png"));
  const images = await Promise.all(names.map((name) => exampleBase64(name)));
  const { body } = await post(`${workers.url}/v1/similarity`, { images, texts: queries });
  for (const [column, query] of queries.entries()) {
    const scores = body.data.map(
      ({ scores: row }: { scores: { similarity: number }[] }) => row[column]?.similarity,
    );
    const best = names[scores.indexOf(Math.max(...scores))]?.replace(".png", "").replaceAll("-", " ");
    expect(query).toContain(best);
  }
});

it("the reference's examples show a fox, and get one", async () => {
  const answers: string[] = [];
  for (const [id, path] of [
    ["classify", "/v1/classify"],
    ["similarity", "/v1/similarity"],
    ["rerank", "/v1/rerank"],
    ["cohereRerank", "/v2/rerank"],
    ["zeroShotImageClassification", "/hf/zero-shot-image-classification"],
  ] as const) {
    for (const [name, example] of Object.entries(examplesOf(id).json ?? {})) {
      // A set that the reader has stored before.
      if (name === "labelSet") continue;
      const { value } = example as { value: { labels?: unknown; documents?: unknown[]; texts?: string[] } };
      const { status, body } = await post(workers.url + path, value);
      expect(status, `${id}, ${name}`).toBe(200);
      const row = body.data?.[0];
      const { index } = body.results?.[0] ?? {};
      const ranked = index === undefined ? undefined : JSON.stringify(value.documents?.[index]).slice(0, 60);
      const similarities = row?.scores?.map(({ similarity }: { similarity: number }) => similarity);
      const text = similarities && value.texts?.[similarities.indexOf(Math.max(...similarities))];
      const best = row?.prediction ?? row?.predictions?.[0]?.label ?? text ?? ranked ?? body[0]?.label;
      answers.push(`${id}, ${name}: ${best}`);
    }
  }
  expect(answers.length).toBeGreaterThan(6);
  // A picture among the documents is the example's, a fox.
  expect(answers.filter((answer) => !/: .*(?:fox|data:image)/.test(answer))).toEqual([]);
});
