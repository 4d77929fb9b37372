/**
 * Wakes the image tower when a request arrives that will need it, before its body is read, so that a cold tower loads
 * while the picture is uploaded and decoded. It wakes the tower only if the request will need it unless it is refused:
 * it passed access control, its route always embeds a picture, and the deployment serves one model and caches no image
 * embeddings. It does not wake a tower that has answered or was woken recently, so a warm request makes no extra call,
 * and requests that are refused wake it once a minute.
 */
import type { Manifest } from "../../../model-shards/manifest.ts";
import { modelReference } from "../../../model-shards/model-reference.ts";
import type { Bindings } from "../bindings.ts";
import { servedModels } from "./served-models.ts";

/** How long a tower counts as awake, milliseconds. The platform keeps an idle isolate longer. */
const AWAKE_MS = 60_000;

/** When a model's image tower last answered or was woken, by the model's reference. */
const heardOf = new Map<string, number>();

/** Records that the model's image tower has answered. */
export function imageTowerAnswered(manifest: Manifest): void {
  heardOf.set(modelReference(manifest), Date.now());
}

/** @param waitUntil keeps the call going; the request does not wait for it */
export function wakeImageTower(
  env: Bindings,
  requestId: string,
  waitUntil: (work: Promise<unknown>) => void,
): void {
  const [model, another] = servedModels(env);
  if (model === undefined || another !== undefined || Number(env.IMAGE_CACHE_TTL ?? 0) > 0) return;
  const now = Date.now();
  if (now - (heardOf.get(model.reference) ?? -Infinity) < AWAKE_MS) return;
  heardOf.set(model.reference, now);
  // Ignore errors: the request's own call to the tower will report them.
  waitUntil(model.vision.wake(requestId).catch(() => {}));
}
