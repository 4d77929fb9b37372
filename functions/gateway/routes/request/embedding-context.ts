/** The context of a request that embedding needs. */
import type { Context } from "hono";
import type { Manifest } from "../../../../model-shards/manifest.ts";
import type { EmbedContext } from "../../embed/embed-context.ts";
import { KvWrites } from "../../embed/kv-writes.ts";
import { FetchSlots } from "../../images/fetch/fetch-slots.ts";
import type { Wanted } from "../../../runtime/sharing/wanted.ts";
import { accountOf, callerOf, clientOf } from "../../middleware/caller-of.ts";
import type { GatewayEnv } from "../../middleware/gateway-env.ts";
import { growOwn } from "../../label-sets/own-room.ts";
import { towersOf } from "../../models/served-models.ts";

/** False once the client has disconnected. */
export function wantedBy(c: Context<GatewayEnv>): Wanted {
  return () => !c.req.raw.signal.aborted;
}

/**
 * Waits for room for the vectors of texts and mixes before they are computed. Otherwise a tower that answers many
 * requests at once would fill the isolate. The room is held together with the body's.
 * @throws ServiceError `overloaded`
 */
export async function holdVectors(
  c: Context<GatewayEnv>,
  { embedding_width: width }: Manifest,
  items: readonly object[],
): Promise<void> {
  const share = c.get("share");
  if (share === undefined) return;
  const texts = items.filter((item) => "text" in item || "mix" in item).length;
  // As far as any request may: beside the largest bodies there is not room for all of them.
  await share.growBy(texts * width * Float32Array.BYTES_PER_ELEMENT);
}

/** Gives back the room of all but these vectors. Call it when nothing else of the request's body is needed. */
export function keepVectors(c: Context<GatewayEnv>, vectors: readonly { embedding: Float32Array }[]): void {
  c.get("share")?.complete(vectors.reduce((sum, { embedding }) => sum + embedding.byteLength, 0));
}

export function embedContext(c: Context<GatewayEnv>, manifest: Manifest): EmbedContext {
  const line = c.get("line");
  return {
    env: c.env,
    manifest,
    account: () => accountOf(c, "files"),
    client: clientOf(c, callerOf(c)),
    towers: towersOf(c.env, manifest),
    timings: c.get("timings"),
    requestId: c.get("requestId"),
    wanted: wantedBy(c),
    waitUntil: (work) => c.executionCtx.waitUntil(work),
    hold: async (bytes, later) => {
      const share = c.get("share");
      if (share === undefined || bytes === 0) return () => {};
      const more = await growOwn(share, bytes, later);
      return () => share.complete(share.held - more);
    },
    fetchSlots: line?.fetchSlots ?? new FetchSlots(),
    kvWrites: new KvWrites(),
    pictureWatch: line?.pictures,
  };
}
