/**
 * Limits the decoded pictures that the isolate holds: a file of a hundred bytes becomes as many pixels as a large one. A
 * request takes room for a picture before its file goes to the decoder, and gives it back when the image tower has read
 * the pixels.
 *
 * - A request of one picture has room apart, so that it does not wait behind those of many.
 *
 * - Among requests of several, the first that has begun can always get room for all of its pictures; the others share
 * what is left. Otherwise each could hold some pictures and wait for the rest.
 *
 * - A request whose body has come goes before forms that still come, so that it does not wait for their clients.
 *
 * - A request whose next picture comes too slowly loses its pictures if others wait.
 *
 * Waiting is by polling, and each share shows by a timer that its request is alive; `runtime/sharing/sign-of-life.ts` says why.
 */
import { ServiceError } from "../../runtime/errors.ts";
import { SignOfLife } from "../../runtime/sharing/sign-of-life.ts";
import { ClientPace, LOOK_MS } from "../body/client-pace.ts";
import { MAX_IMAGES } from "../limits.ts";

/** Time between two polls, at first and at most. */
const POLL_MS = { first: 10, most: 50 } as const;
/** How long a request waits before its client is told to try again. */
const PATIENCE_MS = 20_000;
/** A waiting request that has not polled for this long was ended. */
const WAITING_EXPIRY_MS = 1_000;
const HEARTBEAT_MS = 1_000;
/** Several heartbeats, because other work may block the isolate for seconds. */
const SHARE_EXPIRY_MS = 6_000;
/** What requests may hold in the room for one picture while they wait for room for several. */
const CHANGING_SHARE = 1 / 2;

type Lane = "one" | "several";

/** Bytes. Sixteen pictures of 384 pixels are 7.1 MB. */
export const PIXEL_ROOM: Readonly<Record<Lane, number>> = { one: 2_000_000, several: 9_000_000 };

interface ShareOptions {
  /** How its client sends, if pictures come with the body; without it, the time between two pictures counts. */
  pace?: ClientPace | undefined;
  /** True if it is known that there are several pictures. */
  isOfSeveral?: boolean;
  /** Called when its pictures were given up for others. */
  onLost?: () => void;
}

/** The room of one request's pictures. */
export class PixelShare {
  /** Bytes of a picture. */
  readonly each: number;
  readonly #room: PixelRoom;
  readonly #request = new SignOfLife();
  readonly #heartbeat: ReturnType<typeof setInterval>;
  readonly #watch: ReturnType<typeof setInterval>;
  readonly #pace: ClientPace;
  readonly #hasOwnPace: boolean;
  readonly #onLost: () => void;
  /** Where its pictures count. */
  lane: Lane;
  /** Number of pictures that it has room for. */
  #held = 0;
  #isWaiting = false;
  #isComplete = false;
  #isLost = false;
  /** True while the next picture is waited for. */
  #expectsNext = false;

  constructor(room: PixelRoom, each: number, options: ShareOptions) {
    const { pace, isOfSeveral = false, onLost = () => {} } = options;
    this.#room = room;
    this.each = each;
    this.lane = isOfSeveral ? "several" : "one";
    this.#onLost = onLost;
    this.#pace = pace ?? new ClientPace();
    this.#hasOwnPace = pace === undefined;
    this.#heartbeat = setInterval(() => this.#request.renew(), HEARTBEAT_MS);
    this.#watch = setInterval(() => this.#look(), LOOK_MS);
  }

  get bytes(): number {
    return this.#held * this.each;
  }

  /** Bytes that it may still take. */
  get missing(): number {
    return this.#isComplete || this.#isLost || this.isSlow ? 0 : (MAX_IMAGES - this.#held) * this.each;
  }

  /** Where its next picture will count. */
  get nextLane(): Lane {
    return this.#held > 0 ? "several" : this.lane;
  }

  /** True if it waits for room and still polls. */
  get isWaiting(): boolean {
    return this.#isWaiting && !this.#isLost && !this.#request.isOlderThan(WAITING_EXPIRY_MS);
  }

  get isSlow(): boolean {
    return this.#expectsNext && !this.#isComplete && this.#pace.isSlow;
  }

  /** True for a form that still comes. */
  get waitsForClient(): boolean {
    return !this.#hasOwnPace;
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  isAlive(): boolean {
    return !this.#request.isOlderThan(SHARE_EXPIRY_MS);
  }

  /** Waits for room for one more picture. @throws ServiceError `overloaded` */
  async take(): Promise<void> {
    this.assertKept();
    this.#request.renew();
    this.#room.ask(this);
    let [waited, poll] = [0, POLL_MS.first as number];
    this.#isWaiting = true;
    try {
      while (!this.#room.isFree(this)) {
        if (waited > PATIENCE_MS || !this.#room.mayWait(this)) throw tooMany();
        this.#room.reclaim(this);
        await scheduler.wait(poll);
        this.assertKept();
        this.#request.renew();
        waited += poll;
        poll = Math.min(2 * poll, POLL_MS.most);
      }
      this.lane = this.nextLane;
      this.#held++;
      this.#room.enter(this);
    } catch (error) {
      // The rest of its body may still be read for a while.
      this.#onLost();
      this.release();
      throw error;
    } finally {
      this.#isWaiting = false;
    }
  }

  /** Call it when a picture has been sent and the next one is waited for. */
  expectNext(): void {
    this.#expectsNext = true;
    if (this.#hasOwnPace) this.#pace.expect();
  }

  /** Call it when the next picture has come. */
  hasNext(): void {
    this.#expectsNext = false;
    if (this.#hasOwnPace) this.#pace.received(Infinity);
  }

  /** Call it when all pictures have come. @throws ServiceError `overloaded` */
  complete(): void {
    this.assertKept();
    this.#isComplete = true;
    clearInterval(this.#watch);
  }

  /** Gives back the room of one picture. */
  giveBack(): void {
    this.#held = Math.max(0, this.#held - 1);
  }

  /** @throws ServiceError `overloaded` if its room was given to others */
  assertKept(): void {
    if (!this.#isLost) return;
    throw new ServiceError(
      "overloaded",
      "others wait, and the request's pictures come too slowly; try again",
    );
  }

  /** Takes its room away. Its request learns of that soon. */
  lose(): void {
    this.#isLost = true;
  }

  release(): void {
    clearInterval(this.#heartbeat);
    clearInterval(this.#watch);
    this.#held = 0;
    this.#isLost = true;
    this.#room.remove(this);
  }

  #look(): void {
    if (this.#hasOwnPace && this.#expectsNext) this.#pace.foundNothing();
    if (!this.#isLost) return;
    this.#onLost();
    this.release();
  }
}

export class PixelRoom {
  readonly #limits: Readonly<Record<Lane, number>>;
  /** In the order in which they last asked for room. */
  readonly #shares = new Set<PixelShare>();
  /** Those that hold several, in the order in which they began to. */
  readonly #several = new Set<PixelShare>();

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

  /** True if it may have one more picture: there is room, and nobody who asked earlier waits for it. */
  isFree(wanting: PixelShare): boolean {
    this.#removeEnded();
    const lane = wanting.nextLane;
    const first = lane === "several" ? this.#first() : undefined;
    if (first !== wanting && this.#isAnyBefore(wanting)) return false;
    const kept = first === undefined || first === wanting ? 0 : first.missing;
    const others = this.#bytesOf(lane, wanting);
    return others === 0 || others + wanting.bytes + wanting.each + kept <= this.#limits[lane];
  }

  /** False if too many requests hold a picture in the room for one, and wait for room for several. */
  mayWait(wanting: PixelShare): boolean {
    if (wanting.lane === wanting.nextLane) return true;
    const changing = [...this.#shares].filter((each) => each.isWaiting && each.lane !== each.nextLane);
    const bytes = changing.reduce((sum, each) => sum + each.bytes, 0);
    return changing.length <= 1 || bytes <= this.#limits.one * CHANGING_SHARE;
  }

  /** Takes room from the slow share that holds most in the lane, if there is one. */
  reclaim(waiting: PixelShare): void {
    const inLane = [...this.#shares].filter((each) => each !== waiting && each.lane === waiting.nextLane);
    // One at a time, because it may be enough.
    if (inLane.some(({ isLost }) => isLost)) return;
    const slow = inLane.filter((each) => each.isSlow && each.bytes > 0);
    const [largest] = slow.toSorted((a, b) => b.bytes - a.bytes);
    largest?.lose();
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
    for (const share of this.#shares) if (share !== except && share.lane === lane) bytes += share.bytes;
    return bytes;
  }

  #isAnyBefore(wanting: PixelShare): boolean {
    let isBefore = true;
    for (const other of this.#shares) {
      if (other === wanting) isBefore = false;
      else if (other.isWaiting && other.nextLane === wanting.nextLane) {
        const isSameKind = other.waitsForClient === wanting.waitsForClient;
        if (isSameKind ? isBefore : wanting.waitsForClient) return true;
      }
    }
    return false;
  }

  /** The first request of several that still brings pictures. Room is kept for all of them. */
  #first(): PixelShare | undefined {
    for (const share of this.#several) if (share.missing > 0) return share;
    return undefined;
  }
}

function tooMany(): ServiceError {
  return new ServiceError("overloaded", "too many pictures at once; try again");
}

/** One instance for all requests of the isolate. */
export const pixelRoom = new PixelRoom();
