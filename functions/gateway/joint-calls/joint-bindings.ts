/**
 * The gateway's bindings as the lines of a part see them: with one decoder, one call of each tower, and one share of KV
 * for all of them.
 */
import type { TextRpc, VisionRpc } from "../../runtime/rpc.ts";
import type { Bindings } from "../bindings.ts";
import type { Gathering } from "./gathering.ts";
import { JointDecoder } from "./joint-decoder.ts";
import { JointText } from "./joint-text.ts";
import { JointVision } from "./joint-vision.ts";
import { partCache } from "./part-cache.ts";

const VISION = /^VISION(_\d+)?$/;
const TEXT = /^TEXT(_\d+)?$/;

/** @param requestId names the part in the logs of decoder and towers */
export function jointBindings(env: Bindings, gathering: Gathering, requestId: string): Bindings {
  const joint: Record<string, unknown> = {
    ...env,
    CACHE: partCache(env.CACHE),
    DECODER: new JointDecoder(env.DECODER, gathering, requestId),
  };
  for (const [name, binding] of Object.entries(env)) {
    if (VISION.test(name)) joint[name] = new JointVision(binding as VisionRpc, gathering, requestId);
    if (TEXT.test(name)) joint[name] = new JointText(binding as TextRpc, gathering, requestId);
  }
  return joint as unknown as Bindings;
}
