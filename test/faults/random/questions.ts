/** A few hundred different requests, to every endpoint that needs a model. */
import { exampleBase64 } from "../../support/example-pictures.ts";
import { Dice } from "../../attack/grammar/dice.ts";

export interface Question {
  method: "GET" | "POST";
  path: string;
  body?: Record<string, unknown>;
}

const PICTURES = ["fox", "harp", "moon", "tulip", "rocket", "grapes"];
const WORDS = ["fox", "harp", "moon", "tulip", "rocket", "grapes", "bus", "sea", "old", "red", "two", "my"];

/** @param set id of a stored set @returns the same for the same seed */
export async function makeQuestions(count: number, seed: number, set: string): Promise<Question[]> {
  const images = await Promise.all(PICTURES.map((name) => exampleBase64(`${name}.png`)));
  const dice = new Dice(seed);
  const text = (): string => `${dice.pick(WORDS)} ${dice.pick(WORDS)} ${dice.number(50)}`;
  const texts = (): string[] => [...new Set(Array.from({ length: 2 + dice.number(4) }, text))];
  const image = (): string => dice.pick(images);
  const makers: (() => Question)[] = [
    () => post("classify", { image: image(), labels: texts() }),
    () => post("classify", { images: [image(), image()], labels: texts(), multi_label: true, top_k: 3 }),
    () => post("classify", { image: image(), label_set: set }),
    () => post("classify", { image: image(), label_set: [set, set] }),
    () => post("similarity", { images: [image()], texts: texts() }),
    () => post("embeddings", { input: texts(), encoding_format: "base64" }),
    () => post("embeddings", { input: [{ image: image() }, text()] }),
    () => post("rerank", { query: text(), documents: [{ image: image() }, text(), text()] }),
    () => post("label_sets", { labels: texts() }),
    () => ({ method: "GET", path: `/v1/label_sets/${set}` }),
    () => ({ method: "GET", path: "/v1/models" }),
  ];
  return Array.from({ length: count }, () => dice.pick(makers)());
}

function post(endpoint: string, body: Record<string, unknown>): Question {
  return { method: "POST", path: `/v1/${endpoint}`, body };
}
