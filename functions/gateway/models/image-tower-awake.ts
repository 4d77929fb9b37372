/**
 * Tells the image tower to wake when a request arrives that will need it, before its body is read: a cold tower then loads
 * while the picture is uploaded and decoded. Only where the need is certain: the request has been let in, its route always
 * embeds a picture, the deployment serves one model and keeps no embeddings of pictures. A tower that has answered or was
 * woken lately is left alone, so a warm request costs what it did.
 */
import type { Manifest } from "../../../model-shards/manifest.ts";
import { modelReference } from "../../../model-shards/model-reference.ts";
import type { Bindings } from "../bindings.ts";
import { servedModels } from "./served-models.ts";

/** For so long a tower is taken to be awake; the platform keeps an idle isolate for longer. Milliseconds. */
const AWAKE_MS = 60_000;

/** When a model's image tower last answered or was told to wake, by the model's reference. */
const heardOf = new Map<string, number>();

/** The model's image tower has answered. */
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
  // Whatever is wrong with the tower, the request's own call is told.
  waitUntil(model.vision.wake(requestId).catch(() => {}));
}
