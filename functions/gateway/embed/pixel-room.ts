/**
 * Limits the decoded pictures that the isolate holds: a file of a hundred bytes becomes as many pixels as a large one. A
 * request takes room for a picture before its file goes to the decoder, and gives it back when the image tower has read
 * the pixels.
 *
 * - A request of one picture has room apart, so that it does not wait behind those of many.
 *
 * - Among requests of several, one that has begun, the first, can always get room for all of its pictures; the others
 * share what is left. Otherwise each could hold some pictures and wait for the rest. The next one is first when all its
 * pictures have come, or when it is slow; a slow one is not first again before that. If all wait nevertheless, one that
 * is not first loses its pictures.
 *
 * - Otherwise they come in the order of `../body/fair-order.ts`.
 *
 * - A request whose body has come goes before forms that still come, so that it does not wait for their clients.
 *
 * - A request whose next picture comes too slowly loses its pictures if others wait.
 *
 * - So does a form that waits for seconds for room for its next bytes (`../body/bytes-in-flight.ts`): those that wait
 * for pixels may hold the bytes.
 *
 * Each request has a share (`pixel-share.ts`), which waits by polling.
 */
import { byClient, type HeldBy, heldByClient, largestOf } from "../body/fair-order.ts";
import { type Lane, PixelShare, type ShareOptions } from "./pixel-share.ts";

/** What requests may hold in the room for one picture while they wait for room for several. */
const CHANGING_SHARE = 1 / 2;

/** Bytes. Sixteen pictures of 384 pixels are 7.1 MB. */
export const PIXEL_ROOM: Readonly<Record<Lane, number>> = { one: 2_000_000, several: 9_000_000 };

export class PixelRoom {
  readonly #limits: Readonly<Record<Lane, number>>;
  /** In the order in which they last asked for room. */
  readonly #shares = new Set<PixelShare>();
  /** Those that hold several, in the order in which they began to. */
  readonly #several = new Set<PixelShare>();
  /** The one of them that was first when last looked at. */
  #lastFirst: PixelShare | undefined;

  /** @param limits bytes; a request that is alone in a lane may have more */
  constructor(limits = PIXEL_ROOM) {
    this.#limits = limits;
  }

  /** @param each bytes of a picture */
  open(each: number, options: ShareOptions = {}): PixelShare {
    const share = new PixelShare(this, each, options);
    this.#shares.add(share);
    return share;
  }

  /** Puts a share at the end of those that wait. */
  ask(share: PixelShare): void {
    this.#shares.delete(share);
    this.#shares.add(share);
  }

  /** True if it may have one more picture: there is room, and none that comes before it waits for it. */
  isFree(wanting: PixelShare): boolean {
    this.#removeEnded();
    const lane = wanting.nextLane;
    const first = lane === "several" ? this.#first() : undefined;
    if (first !== wanting && this.#isAnyBefore(wanting)) return false;
    const kept = first === undefined || first === wanting ? 0 : first.missing;
    const others = this.#bytesOf(lane, wanting);
    return others === 0 || others + wanting.held + wanting.each + kept <= this.#limits[lane];
  }

  /** False if too many requests hold a picture in the room for one, and wait for room for several. */
  mayWait(wanting: PixelShare): boolean {
    if (wanting.lane === wanting.nextLane) return true;
    const changing = [...this.#shares].filter((each) => each.isWaiting && each.lane !== each.nextLane);
    const bytes = changing.reduce((sum, each) => sum + each.held, 0);
    return changing.length <= 1 || bytes <= this.#limits.one * CHANGING_SHARE;
  }

  /**
   * Takes room from the share that holds most in the lane of those that are slow or held up; without one, if all of
   * several wait, from the last that is not first.
   */
  reclaim(waiting: PixelShare): void {
    const all = [...this.#shares].filter((each) => each !== waiting && each.lane === waiting.nextLane);
    // One at a time, because it may be enough.
    if (all.some(({ isLeaving }) => isLeaving)) return;
    const inLane = all.filter(({ isLost }) => !isLost);
    const largest = largestOf(inLane.filter(({ isDelayed, held }) => isDelayed && held > 0));
    if (largest !== undefined) largest.lose();
    else if (waiting.nextLane === "several" && this.#isStuck()) this.#last()?.lose();
  }

  /** Records that it holds one more picture. */
  enter(share: PixelShare): void {
    if (share.lane === "several") this.#several.add(share);
  }

  remove(share: PixelShare): void {
    this.#shares.delete(share);
    this.#several.delete(share);
  }

  #removeEnded(): void {
    for (const share of [...this.#shares, ...this.#several]) if (!share.isAlive()) this.remove(share);
  }

  #bytesOf(lane: Lane, except: PixelShare): number {
    let bytes = 0;
    for (const share of this.#shares) if (share !== except && share.lane === lane) bytes += share.held;
    return bytes;
  }

  #isAnyBefore(wanting: PixelShare): boolean {
    const heldBy = heldByClient(this.#shares);
    let hasCome = false;
    for (const other of this.#shares) {
      hasCome ||= other === wanting;
      if (other === wanting || !other.isWaiting || other.nextLane !== wanting.nextLane) continue;
      const order = compare(heldBy, other, wanting);
      if (order < 0 || (order === 0 && !hasCome)) return true;
    }
    return false;
  }

  /** The request of several for all of whose pictures room is kept. */
  #first(): PixelShare | undefined {
    const last = this.#lastFirst;
    if (last !== undefined && this.#several.has(last) && last.missing > 0) return last;
    [this.#lastFirst] = this.#inOrder(({ missing }) => missing > 0);
    return this.#lastFirst;
  }

  /** True if those that hold several all wait for room, and none gets it. */
  #isStuck(): boolean {
    return [...this.#several].every((share) => share.isLost || (share.isWaiting && !this.isFree(share)));
  }

  #last(): PixelShare | undefined {
    const first = this.#first();
    return this.#inOrder((share) => share !== first && !share.isLost).at(-1);
  }

  /** Some of those that hold several. */
  #inOrder(isOne: (share: PixelShare) => boolean): PixelShare[] {
    const heldBy = heldByClient(this.#shares);
    return [...this.#several].filter(isOne).toSorted((a, b) => compare(heldBy, a, b));
  }
}

/** Negative if the first goes before the second, positive if it goes after it; 0 if the earlier one goes first. */
function compare(heldBy: HeldBy, a: PixelShare, b: PixelShare): number {
  return Number(a.waitsForClient) - Number(b.waitsForClient) || byClient(heldBy, a, b);
}

/** One instance for all requests of the isolate. */
export const pixelRoom = new PixelRoom();
