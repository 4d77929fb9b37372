/**
 * The gateway's bindings as the lines of a part see them: with one decoder, one call of each tower, and one share of KV
 * for all of them.
 */
import type { TextRpc, VisionRpc } from "../../runtime/rpc.ts";
import type { Bindings } from "../bindings.ts";
import type { CallCoalescer } from "./call-coalescer.ts";
import { CoalescedDecoder } from "./coalesced-decoder.ts";
import { CoalescedText } from "./coalesced-text.ts";
import { CoalescedVision } from "./coalesced-vision.ts";
import { partCache } from "./part-cache.ts";

const VISION = /^VISION(_\d+)?$/;
const TEXT = /^TEXT(_\d+)?$/;

/** @param requestId names the part in the logs of decoder and towers */
export function coalescedBindings(env: Bindings, coalescer: CallCoalescer, requestId: string): Bindings {
  const coalesced: Record<string, unknown> = {
    ...env,
    CACHE: partCache(env.CACHE),
    DECODER: new CoalescedDecoder(env.DECODER, coalescer, requestId),
  };
  for (const [name, binding] of Object.entries(env)) {
    if (VISION.test(name)) coalesced[name] = new CoalescedVision(binding as VisionRpc, coalescer, requestId);
    if (TEXT.test(name)) coalesced[name] = new CoalescedText(binding as TextRpc, coalescer, requestId);
  }
  return coalesced as unknown as Bindings;
}
