/** Tests a deployment as a client would use it: is it ready, and does it classify a picture? */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import * as z from "zod";
import type { Manifest } from "../../model-shards/manifest.ts";
import { EXAMPLES } from "../paths.ts";
import { authorization } from "../service/authorization.ts";

const PICTURE = join(EXAMPLES, "fox.png");
const LABELS = ["fox", "rabbit", "bus", "grapes"];
/** Seconds. A new deployment is not known everywhere at once, and a new key may take a minute. */
const PATIENCE = 90;
const ASK_AGAIN_AFTER_MS = 2_000;

const answerSchema = z.object({
  revision: z.string(),
  data: z.array(z.object({ prediction: z.enum(LABELS), score: z.number().min(0).max(1) })).length(1),
});

/**
 * @param url of the gateway
 * @param patience seconds within which it must answer correctly
 * @returns seconds that the classification took, with cold towers
 * @throws Error with the last answer, if no answer was right in time
 */
export async function smokeTest(
  url: string,
  { key, patience = PATIENCE }: { key: string | undefined; patience?: number },
  manifest: Manifest,
): Promise<number> {
  const until = Date.now() + patience * 1000;
  for (;;) {
    const before = Date.now();
    const failure = await ask(url, key, manifest);
    if (failure === undefined) return (Date.now() - before) / 1000;
    if (Date.now() >= until)
      throw new Error(`${manifest.id} does not answer correctly at ${url}: ${failure}`);
    await setTimeout(ASK_AGAIN_AFTER_MS);
  }
}

/** @returns what is wrong; undefined if nothing is */
async function ask(
  url: string,
  key: string | undefined,
  { alias, revision }: Manifest,
): Promise<string | undefined> {
  try {
    const ready = await fetch(`${url}/readyz`);
    if (!ready.ok) return `readyz answers ${ready.status}: ${await ready.text()}`;
    const body = JSON.stringify({
      model: alias,
      images: [(await readFile(PICTURE)).toString("base64")],
      labels: LABELS,
    });
    const headers = { "content-type": "application/json", ...authorization(key) };
    const response = await fetch(`${url}/v1/classify`, { method: "POST", headers, body });
    const text = await response.text();
    if (!response.ok) return `classify answers ${response.status}: ${text}`;
    const answer = answerSchema.parse(JSON.parse(text));
    if (answer.revision !== revision) return `revision ${answer.revision} answers instead of ${revision}`;
    return undefined;
  } catch (error) {
    return String(error);
  }
}
