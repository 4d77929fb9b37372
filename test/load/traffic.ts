/** The mixture of requests that clients send: most are cached, some are new or large, some are wrong. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { faultOf } from "../attack/fault-of-answer.ts";
import { Dice } from "../attack/grammar/dice.ts";
import { hostileRequest } from "../attack/grammar/hostile-request.ts";
import { knownThings } from "../attack/known-things.ts";
import type { RawClient } from "../attack/raw-request.ts";
import { exampleBase64 } from "../support/example-pictures.ts";
import { request } from "../support/send-request.ts";
import { noiseBmp } from "../support/write-bmp.ts";
import { askOver, type Kind, outcomeOf } from "./ask.ts";
import { clientTraffic } from "./client-traffic.ts";
import { storeTraffic } from "./store-traffic.ts";

const PICTURES = join(import.meta.dirname, "../fixtures/pictures/images");
const EXAMPLES = ["fox", "giraffe", "grapes", "harp", "moon", "rocket", "trophy", "tulip"];
const LABELS = EXAMPLES.map((name) => name.replace("-", " "));
const JSON_TYPE = { "content-type": "application/json" };
const word = (dice: Dice): string => `thing ${dice.number(1e9)}`;

/** All kinds of requests, over connections that are kept open. */
export async function trafficOf(url: string, client: RawClient): Promise<Kind[]> {
  const images = await Promise.all(EXAMPLES.map((name) => exampleBase64(`${name}.png`)));
  const examples = EXAMPLES.map((name, index) => ({ name, image: images[index] ?? "" }));
  const ask = askOver(client);
  const photo = (await readFile(join(PICTURES, "photo_3000x2000.jpg"))).toString("base64");
  const bitmap = Buffer.from(noiseBmp(2000, 1500, 1)).toString("base64");
  const set = await request("POST", `${url}/v1/label_sets`, { labels: LABELS });
  const known = await knownThings(url);
  const post = async (path: string, fields: object, rightStatus = 200): Promise<string | undefined> => {
    const body = Buffer.from(JSON.stringify(fields));
    const answer = await client.send({ method: "POST", path, headers: JSON_TYPE, body });
    return answer.status === rightStatus ? undefined : outcomeOf(answer);
  };
  return [
    {
      name: "classify, stored set",
      share: 30,
      send: (dice) => post("/v1/classify", { image: dice.pick(images), label_set: set.body.id as string }),
    },
    {
      name: "classify, cached labels",
      share: 20,
      send: (dice) => post("/v1/classify", { image: dice.pick(images), labels: LABELS }),
    },
    {
      name: "classify, new labels",
      share: 10,
      send: (dice) => post("/v1/classify", { image: dice.pick(images), labels: [word(dice), word(dice)] }),
    },
    {
      name: "classify, large picture",
      share: 4,
      send: (dice) => post("/v1/classify", { image: dice.pick([photo, bitmap]), labels: LABELS }),
    },
    {
      name: "embeddings, texts",
      share: 10,
      send: (dice) =>
        post("/v1/embeddings", { input: [dice.pick(LABELS), word(dice)], encoding_format: "base64" }),
    },
    {
      name: "rerank, four pictures",
      share: 5,
      send: (dice) =>
        post("/v1/rerank", {
          query: dice.pick(LABELS),
          documents: images.slice(0, 4).map((image) => ({ image })),
        }),
    },
    {
      name: "label set, new",
      share: 1,
      send: (dice) => post("/v1/label_sets", { labels: Array.from({ length: 20 }, () => word(dice)) }, 201),
    },
    ...(await storeTraffic(ask, examples)),
    ...(await clientTraffic(ask, examples)),
    {
      name: "bad input",
      share: 20,
      send: async (dice) => {
        const hostile = hostileRequest(dice, known);
        // All clients use the stored set, so it is not deleted.
        if (hostile.method === "DELETE") hostile.method = "GET";
        const answer = await client.send(hostile);
        return faultOf(hostile, answer) === undefined ? undefined : outcomeOf(answer);
      },
    },
  ];
}

export function pickKind(kinds: readonly Kind[], dice: Dice): Kind {
  let at = dice.number(kinds.reduce((sum, { share }) => sum + share, 0));
  const kind = kinds.find(({ share }) => (at -= share) < 0);
  if (kind === undefined) throw new Error("shares do not add up");
  return kind;
}
