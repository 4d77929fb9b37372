/**
 * What clients of other APIs send, and a set whose labels learn from pictures: answers stay what they were at first.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Ask, differs, type Example, type Fields, type Kind, kindOf } from "./ask.ts";

const MCP_TYPES = "application/json, text/event-stream";

export async function clientTraffic(ask: Ask, examples: readonly Example[]): Promise<Kind[]> {
  const labels = examples.map(({ name }) => name);
  const set = await setWithExamples(ask, examples);
  const rerank = async (query: string): Promise<string> => {
    const { results } = await ask("POST", "/v2/rerank", { query, documents: labels, top_n: 2 });
    return labels[results[0].index] ?? "";
  };
  /** A kind that asks what a picture shows. */
  const naming = async (
    title: string,
    share: number,
    predict: (image: string) => Promise<unknown>,
  ): Promise<Kind> => {
    const first = new Map<Example, unknown>();
    for (const example of examples) first.set(example, await predict(example.image));
    return kindOf(title, share, async (dice) => {
      const example = dice.pick(examples);
      return differs("the prediction", await predict(example.image), first.get(example));
    });
  };
  return [
    await naming("classify, stored set with examples", 4, async (image) => {
      const { data } = await ask("POST", "/v1/classify", { image, label_set: set });
      return data[0].prediction;
    }),
    await naming("Hugging Face's zero-shot classification", 4, async (inputs) => {
      const parameters = { candidate_labels: labels };
      const [best] = await ask("POST", "/hf/zero-shot-image-classification", { inputs, parameters });
      return best.label;
    }),
    await naming("MCP, classify_image", 4, async (image) => {
      const params = { name: "classify_image", arguments: { image, labels } };
      const call = { jsonrpc: "2.0", id: 1, method: "tools/call", params };
      const { result } = await ask("POST", "/mcp", call, { accept: MCP_TYPES });
      return result.structuredContent?.prediction;
    }),
    kindOf("Cohere's rerank", 4, async (dice) => {
      const query = dice.pick(labels);
      return differs("the first document", await rerank(query), query);
    }),
  ];
}

/** @returns the id of a set that is computed, whose labels have a picture and a vector each */
async function setWithExamples(ask: Ask, examples: readonly Example[]): Promise<string> {
  const input = examples.map(({ name }) => `a drawing of a ${name}`);
  const { data, revision } = await ask("POST", "/v1/embeddings", { input });
  const labels = examples.map(({ name, image }, index) => ({
    label: name,
    examples: [image, { embedding: data[index].embedding, revision }],
  }));
  const stored: Fields = await ask("POST", "/v1/label_sets", { labels }, { statuses: [200, 201, 202] });
  for (let { status } = stored; status !== "ready";) {
    await sleep(200);
    ({ status } = await ask("GET", `/v1/label_sets/${stored.id}`));
  }
  return stored.id as string;
}
