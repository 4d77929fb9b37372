/** Vector stores and files, as many clients use them at once. What is found is asserted. */
import { noiseBmp } from "../support/write-bmp.ts";
import { type Ask, differs, type Example, type Fields, type Kind, kindOf } from "./ask.ts";

/** A store keeps vectors in int8, so its cosines are off by about 0.001. */
const TOLERANCE = 0.005;

export async function storeTraffic(ask: Ask, examples: readonly Example[]): Promise<Kind[]> {
  const { id: store } = await ask("POST", "/v1/vector_stores", { name: "soak" });
  const path = `/v1/vector_stores/${store}`;
  for (const { name, image } of examples) {
    await ask("POST", `${path}/files`, { image, filename: name, attributes: { kind: "example" } });
  }
  const search = async (body: object): Promise<Fields[]> =>
    (await ask("POST", `${path}/search`, body)).data as Fields[];
  const texts = examples.map(({ name }) => `a drawing of a ${name}`);
  const right = await nearest(ask, examples, texts);
  const labels = examples.map(({ name }) => name);
  const example = { type: "eq", key: "kind", value: "example" };
  return [
    kindOf("store, search by text", 8, async (dice) => {
      const query = dice.pick(texts);
      const [first] = await search({ query, filters: example, max_num_results: 3 });
      return right.get(query)?.has(first?.filename) ? undefined : `the first hit: ${first?.filename}`;
    }),
    kindOf("store, search by picture", 3, async (dice) => {
      const { name, image } = dice.pick(examples);
      const [first] = await search({ image });
      return differs("the first hit", first?.filename, name);
    }),
    kindOf("store, a picture added, found, removed", 3, async (dice) => {
      const run = dice.number(1e9);
      const filters = { type: "eq", key: "run", value: run };
      const image = Buffer.from(noiseBmp(64, 64, run)).toString("base64");
      const { id } = await ask("POST", `${path}/files`, { image, attributes: { run } });
      const [found] = await search({ image, filters });
      await ask("DELETE", `${path}/files/${id}`);
      const left = await search({ image, filters });
      await ask("DELETE", `/v1/files/${id}`);
      return (
        differs("the picture that was added", found?.file_id, id) ??
        differs("pictures found after the removal", left.length, 0)
      );
    }),
    kindOf("store, a vector changed and removed", 2, async (dice) => {
      const run = dice.number(1e9);
      const filters = { type: "eq", key: "run", value: run };
      const query = `thing ${run}`;
      const { data } = await ask("POST", "/v1/embeddings", { input: query });
      const { id } = await ask("POST", `${path}/files`, { embedding: data[0].embedding });
      await ask("POST", `${path}/files/${id}`, { attributes: { run } });
      const [found] = await search({ query, filters });
      await ask("DELETE", `${path}/files/${id}`);
      return (
        differs("the vector that was changed", found?.file_id, id) ??
        (found.score > 1 - TOLERANCE ? undefined : `a score of ${found.score}`)
      );
    }),
    kindOf("file uploaded, used, deleted", 3, async (dice) => {
      const { name, image } = dice.pick(examples);
      const form = new FormData();
      form.append("purpose", "vision");
      form.append("file", new Blob([Buffer.from(image, "base64")], { type: "image/png" }), `${name}.png`);
      const { id } = await ask("POST", "/v1/files", form);
      const byId = await ask("POST", "/v1/classify", { image: { file_id: id }, labels });
      const byBytes = await ask("POST", "/v1/classify", { image, labels });
      await ask("DELETE", `/v1/files/${id}`);
      await ask("POST", "/v1/classify", { image: { file_id: id }, labels }, { statuses: [404] });
      return differs("the prediction", byId.data[0].prediction, byBytes.data[0].prediction);
    }),
  ];
}

/** @returns for each text the names of the pictures that may be its nearest */
async function nearest(
  ask: Ask,
  examples: readonly Example[],
  texts: readonly string[],
): Promise<Map<string, Set<string>>> {
  const images = examples.map(({ image }) => image);
  const { data } = await ask("POST", "/v1/similarity", { images, texts });
  return new Map(
    texts.map((text) => {
      const cosines: number[] = data.map(
        ({ scores }: Fields) => scores.find((score: Fields) => score.text === text).similarity,
      );
      const best = Math.max(...cosines);
      const names = examples.filter((_, row) => (cosines[row] ?? -1) > best - TOLERANCE);
      return [text, new Set(names.map(({ name }) => name))];
    }),
  );
}
