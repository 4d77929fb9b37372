/** Room that a request takes for itself, also while others wait for what it loads. */
import { RoomLostError } from "../../runtime/sharing/lease.ts";
import type { Share } from "../body/body-share.ts";

/**
 * `Share.growBy`, but the error says whether it concerns this request only.
 * @throws RoomLostError if its room was given to others; ServiceError `overloaded` if there was none
 */
export async function growOwn(share: Share, bytes: number, later?: number): Promise<number> {
  try {
    return await share.growBy(bytes, later);
  } catch (error) {
    throw share.isLost && error instanceof Error ? new RoomLostError(error) : error;
  }
}
