/** The context of a request that embedding needs. */
import type { Manifest } from "../../../model-shards/manifest.ts";
import type { TextCall } from "../../embed/compute-prompts.ts";
import type { WaitUntil } from "../../runtime/sharing/lease.ts";
import type { Wanted } from "../../runtime/sharing/wanted.ts";
import type { Bindings } from "../bindings.ts";
import type { KvWrites } from "./kv-writes.ts";
import type { FetchSlots } from "../images/fetch/fetch-slots.ts";
import type { Timings } from "../timings.ts";
import type { ServedModel } from "../models/served-models.ts";

/** Told when pictures are being brought to the decoder, and when all of them are there or one failed. */
export interface PictureWatch {
  begin(): void;
  end(): void;
}

export interface EmbedContext {
  env: Bindings;
  manifest: Manifest;
  /** Whose files the request may name. @throws ServiceError `invalid_api_key` if it has no account */
  account: () => string;
  /** Who asks, for what clients share. */
  client: string;
  /** The model's towers. */
  towers: Pick<ServedModel, "vision" | "text">;
  timings: Timings;
  /** Names the request in the logs of every Worker. */
  requestId: string;
  /** False once the client has disconnected. */
  wanted: Wanted;
  waitUntil: WaitUntil;
  /**
   * Waits until the request may hold so many bytes beside those of its body, as far as any request may. It keeps them
   * until it gives them back or is answered.
   * @param later bytes that it will wait for while it holds these
   * @returns gives them back
   * @throws ServiceError `overloaded`
   */
  hold: (bytes: number, later?: number) => Promise<() => void>;
  /** Those of the request, or of all lines of a batch's part. */
  fetchSlots: FetchSlots;
  /** Those of the request. What lines of batches write also waits for each other, in `part-cache.ts`. */
  kvWrites: KvWrites;
  /** Set for a line of a batch: lines wait for each other's pictures. */
  pictureWatch?: PictureWatch | undefined;
}

export function textCall(context: EmbedContext): TextCall {
  const { manifest, towers, requestId, wanted, timings, pictureWatch } = context;
  const onLoaded: TextCall["onLoaded"] = (loaded) => timings.towerLoaded("text", loaded);
  const call = { manifest, text: towers.text, requestId, wanted, onLoaded };
  // The texts of lines are cut into calls where they come together.
  return pictureWatch === undefined ? call : { ...call, maxPositions: Infinity };
}
