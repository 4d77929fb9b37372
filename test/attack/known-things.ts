/** What an attacker's own account has. */
import { uploadFile } from "../files/support/upload-file.ts";
import { exampleBase64 } from "../support/example-pictures.ts";
import { type Answer, request } from "../support/send-request.ts";
import type { Known } from "./grammar/valid-request.ts";

/** Makes one of each thing that paths and fields can name. @param url of the gateway */
export async function knownThings(url: string): Promise<Known> {
  const made = async (path: string, body: object): Promise<Answer["body"]> =>
    (await request("POST", url + path, { ...body })).body;
  const image = await exampleBase64("fox.png");
  const [model] = (await request("GET", `${url}/v1/models`)).body.data;
  const set = await made("/v1/label_sets", { name: "known", labels: ["fox", "harp", "bus"] });
  const { body: file } = await uploadFile(url, { bytes: Buffer.from(image, "base64") });
  const { body: lines } = await uploadFile(url, { bytes: LINE, filename: "lines.jsonl", purpose: "batch" });
  const { id: batch } = await made("/v1/batches", {
    input_file_id: lines.id,
    endpoint: "/v1/embeddings",
    completion_window: "24h",
  });
  const { id: store } = await made("/v1/vector_stores", { name: "known" });
  await made(`/v1/vector_stores/${store}/files`, { file_id: file.id, attributes: { kind: "drawing" } });
  const fileBatch = await made(`/v1/vector_stores/${store}/file_batches`, { file_ids: [file.id] });
  const ids = { set: set.id, file: file.id, lines: lines.id, batch, store, fileBatch: fileBatch.id };
  return { image, width: model.embedding_width, ...ids };
}

const LINE = JSON.stringify({
  custom_id: "1",
  method: "POST",
  url: "/v1/embeddings",
  body: { input: "a fox" },
});
