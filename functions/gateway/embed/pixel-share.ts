/**
 * The room of one request's pictures in `pixel-room.ts`. It takes room for one picture after the other, shows by a timer
 * that its request is alive, and watches how fast the pictures come.
 */
import { ServiceError } from "../../runtime/errors.ts";
import { RoomHolder } from "../../runtime/sharing/room-holder.ts";
import { waitForRoom } from "../../runtime/sharing/wait-for-room.ts";
import { ClientPace, LOOK_MS } from "../body/client-pace.ts";
import { MAX_IMAGES } from "../limits.ts";

/** How long a request waits before its client is told to try again. */
const PATIENCE_MS = 20_000;
const HEARTBEAT_MS = 1_000;
/** Several heartbeats, because other work may block the isolate for seconds. */
const SHARE_EXPIRY_MS = 6_000;

/**
 * Time that the next picture may take before its request counts as slow: a fixed part in milliseconds, and one that
 * grows with what has come of it, bytes a second. A client that is fast enough for a body, which holds what it has sent,
 * may be too slow for pixels: they are many times as much.
 */
const NEXT_SLACK_MS = 3_000;
const NEXT_RATE = 250_000;

/**
 * How long a form may wait for room for its bytes while others wait for room for pixels, milliseconds. Often it waits
 * for requests that need no pixels and are answered soon.
 */
const MAX_HELD_UP_MS = 5_000;

/** Requests of one picture have room apart. */
export type Lane = "one" | "several";

/** What a share asks of the room that it is in. */
interface Room {
  /** Puts the share at the end of those that wait. */
  ask(share: PixelShare): void;
  /** True if the share may have one more picture. */
  isFree(share: PixelShare): boolean;
  /** False if too many wait as it would. */
  mayWait(share: PixelShare): boolean;
  /** Takes room from a share that blocks this one. */
  reclaim(waiting: PixelShare): void;
  /** Records that the share holds one more picture. */
  enter(share: PixelShare): void;
  remove(share: PixelShare): void;
}

export interface ShareOptions {
  /** The client. */
  owner?: string;
  /** How the form's client sends, while the form still comes; without it, the pictures are fetched. */
  pace?: ClientPace | undefined;
  /** True if it is known that there are several pictures. */
  isOfSeveral?: boolean;
  /** Called when its pictures were given up for others. */
  onLost?: () => void;
}

export class PixelShare extends RoomHolder {
  readonly owner: string | undefined;
  /** Bytes of a picture. */
  readonly each: number;
  readonly #room: Room;
  readonly #watch: ReturnType<typeof setInterval>;
  readonly #onLost: () => void;
  /** Where its pictures count. */
  lane: Lane;
  /** How many it holds. */
  #pictures = 0;
  #isWaiting = false;
  #isComplete = false;
  /** True for a form that still comes. */
  #isForm: boolean;
  /** How the form comes, or the next picture from its server. */
  #pace: ClientPace;
  /** What it had waited and received when it began to wait for the next picture. Milliseconds, bytes. */
  #before = { waited: 0, bytes: 0 };
  /** How long the form's next bytes have waited for room, milliseconds. */
  #heldUpFor = 0;
  /** True while the next picture is waited for. */
  #expectsNext = false;

  constructor(room: Room, each: number, options: ShareOptions) {
    const { owner, pace, isOfSeveral = false, onLost = () => {} } = options;
    super(HEARTBEAT_MS);
    this.#room = room;
    this.owner = owner;
    this.each = each;
    this.lane = isOfSeveral ? "several" : "one";
    this.#onLost = onLost;
    this.#pace = pace ?? new ClientPace();
    this.#isForm = pace !== undefined;
    this.#watch = setInterval(() => this.#look(), LOOK_MS);
  }

  /** Bytes. */
  get held(): number {
    return this.#pictures * this.each;
  }

  /** Bytes that it may still take. None if others may have its room. */
  get missing(): number {
    return this.#isComplete || this.isLost || this.isDelayed ? 0 : (MAX_IMAGES - this.#pictures) * this.each;
  }

  /** Where its next picture will count. */
  get nextLane(): Lane {
    return this.#pictures > 0 ? "several" : this.lane;
  }

  /** True if it waits for room and still polls. */
  get isWaiting(): boolean {
    return this.#isWaiting && !this.isLost && this.isPolling;
  }

  /** True if others may have its room. */
  get isDelayed(): boolean {
    const mayBe = this.#expectsNext && !this.#isComplete;
    return mayBe && (this.#isSlow() || this.#heldUpFor > MAX_HELD_UP_MS);
  }

  /** True for a form that still comes. */
  get waitsForClient(): boolean {
    return this.#isForm;
  }

  isAlive(): boolean {
    return !this.isSilentFor(SHARE_EXPIRY_MS);
  }

  /** Waits for room for one more picture. @throws ServiceError `overloaded` */
  async take(): Promise<void> {
    this.assertKept();
    this.giveSign();
    this.#room.ask(this);
    this.#isWaiting = true;
    try {
      const hasEntered = await waitForRoom(
        () => this.#enter(),
        PATIENCE_MS,
        () => this.#room.reclaim(this),
      );
      if (!hasEntered) throw tooMany();
    } catch (error) {
      // The rest of its body may still be read for a while.
      this.#onLost();
      this.release();
      throw error;
    } finally {
      this.#isWaiting = false;
    }
  }

  /** Call it when a picture has been sent and the next one, or the end of the form, is waited for. */
  expectNext(): void {
    this.#expectsNext = true;
    if (!this.#isForm) {
      this.#pace = new ClientPace();
      this.#pace.expect();
    }
    const { waited, bytes } = this.#pace;
    this.#before = { waited, bytes };
  }

  /** Call it when the next picture has come. */
  hasNext(): void {
    this.#expectsNext = false;
  }

  /** Call it when the whole form has come. It may name further pictures, which are fetched. */
  formCame(): void {
    this.#isForm = false;
    this.#expectsNext = false;
  }

  /** Call it when all pictures have come. @throws ServiceError `overloaded` */
  complete(): void {
    this.assertKept();
    this.#isComplete = true;
    clearInterval(this.#watch);
  }

  /** Gives back the room of one picture. */
  giveBack(): void {
    this.#pictures = Math.max(0, this.#pictures - 1);
  }

  /** @throws ServiceError `overloaded` if its room was given to others */
  assertKept(): void {
    if (!this.isLost) return;
    const message =
      "others wait, and the request's pictures come too slowly or are too many for now; try again";
    throw new ServiceError("overloaded", message);
  }

  release(): void {
    this.endSigns();
    clearInterval(this.#watch);
    this.#pictures = 0;
    this.lose();
    this.#room.remove(this);
  }

  #enter(): boolean {
    this.assertKept();
    this.giveSign();
    if (!this.#room.isFree(this)) {
      if (!this.#room.mayWait(this)) throw tooMany();
      return false;
    }
    this.lane = this.nextLane;
    this.#pictures++;
    this.#room.enter(this);
    this.#isWaiting = false;
    return true;
  }

  #isSlow(): boolean {
    const { waited, bytes } = this.#before;
    const allowed = NEXT_SLACK_MS + (1000 * (this.#pace.bytes - bytes)) / NEXT_RATE;
    return this.#pace.isSlow || this.#pace.waited - waited > allowed;
  }

  #look(): void {
    const isHeldUp = this.#isForm && this.#expectsNext && this.#pace.isHeldUp;
    this.#heldUpFor = isHeldUp ? this.#heldUpFor + LOOK_MS : 0;
    if (!this.#isForm && this.#expectsNext) this.#pace.foundNothing();
    if (!this.isLost) return;
    this.#onLost();
    this.release();
  }
}

function tooMany(): ServiceError {
  return new ServiceError("overloaded", "too many pictures at once; try again");
}
