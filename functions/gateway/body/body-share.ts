/**
 * The room of one body in `bytes-in-flight.ts`. It grows as the body arrives, and shows by a timer that its request is
 * alive.
 */
import { MAX_LINE_MEMORY } from "../../batches/batch-limits.ts";
import { ServiceError } from "../../runtime/errors.ts";
import { RoomHolder } from "../../runtime/sharing/room-holder.ts";
import { waitForRoom } from "../../runtime/sharing/wait-for-room.ts";
import { ClientPace, OF_READERS } from "./client-pace.ts";

const HEARTBEAT_MS = 2_000;
/** Several heartbeats, because parsing many megabytes delays them; less than others wait. */
const SHARE_EXPIRY_MS = 10_000;
/** How long a request waits before its client is told to try again. */
const PATIENCE_MS = 20_000;
/** Bytes that a body holds at its start, for the objects of its request. */
export const MIN_BYTES = 4_096;
/** Largest small body, bytes. */
export const SMALL_BYTES = 131_072;
/** Large bodies take room in steps of this many bytes, because they arrive in pieces of a few thousand. */
const STEP_BYTES = 1_000_000;

export type Lane = "small" | "large";

/** What a share asks of the room that it is in. */
interface Room {
  /** True if the share may have what it waits for. */
  isFree(share: Share): boolean;
  /** Takes room from a share that blocks this one. @param waited milliseconds that this one has waited */
  reclaim(waiting: Share, waited: number): void;
  remove(share: Share): void;
  /** The most that the share may ever hold, bytes. */
  mostOf(share: Share): number;
  /** Bytes that a request may hold for what is not its body. */
  readonly mostBeside: number;
}

/** The room of one body. */
export class Share extends RoomHolder {
  /** True for a line of a batch. */
  readonly isLine: boolean;
  readonly owner: string | undefined;
  readonly #room: Room;
  #pace = new ClientPace();
  #isAnswered = false;
  #most: number;
  #held = MIN_BYTES;
  #wanted = 0;

  /** @param most bytes that it will hold, as far as is known */
  constructor(room: Room, most: number, isLine: boolean, owner: string | undefined) {
    super(HEARTBEAT_MS);
    this.isLine = isLine;
    this.owner = owner;
    this.#room = room;
    this.#most = most;
  }

  /** How its client sends or, once it is answered, reads. */
  get pace(): ClientPace {
    return this.#pace;
  }

  /** True while its client reads the answer. */
  get isAnswered(): boolean {
    return this.#isAnswered;
  }

  get held(): number {
    return this.#held;
  }

  get after(): number {
    return this.#held + this.#wanted;
  }

  /**
   * Bytes that it will still need once it has these. None if it is slow, because it loses its room when others need it.
   */
  missing(bytes: number): number {
    return this.isLost || this.pace.isSlow ? 0 : Math.max(0, this.#most - bytes);
  }

  /** Bytes that it will hold once the body has arrived, as far as is known. */
  get atLast(): number {
    return Math.max(this.#most, this.after);
  }

  /** True if it waits for room and still polls. */
  get isWaiting(): boolean {
    return this.#wanted > 0 && this.isPolling;
  }

  /** The lane that it is in or waits for. */
  get lane(): Lane {
    return this.after > SMALL_BYTES ? "large" : "small";
  }

  isAlive(): boolean {
    return !this.isSilentFor(SHARE_EXPIRY_MS);
  }

  /**
   * Waits until it may hold this many bytes, or slightly more.
   * @param most bytes that it will hold, as far as is known now
   * @throws ServiceError `overloaded`; `request_too_large` for more than it may ever hold
   */
  async growTo(bytes: number, most = this.#most): Promise<void> {
    this.#most = most;
    if (bytes <= this.#held) return;
    const limit = this.#room.mostOf(this);
    if (bytes > limit) {
      const message = `the request would take more than ${limit / 1e6} MB of memory: send less at once`;
      throw new ServiceError("request_too_large", message);
    }
    const step = bytes > SMALL_BYTES ? Math.min(this.#most, this.#held + STEP_BYTES, limit) : 0;
    this.#wanted = Math.max(bytes, step) - this.#held;
    this.giveSign();
    try {
      const hasEntered = await waitForRoom(
        () => this.#enter(),
        PATIENCE_MS,
        (waited) => this.#room.reclaim(this, waited),
      );
      if (!hasEntered) throw new ServiceError("overloaded", "too many large requests at once; try again");
    } finally {
      this.pace.isHeldUp = false;
      this.#wanted = 0;
    }
  }

  /**
   * Waits until the request may hold so many more bytes beside those of its body, as far as any request may.
   * @param later bytes that it will wait for while it holds these, as far as is known
   * @returns how many it has got
   * @throws ServiceError `overloaded`
   */
  async growBy(bytes: number, later = 0): Promise<number> {
    const before = this.#held;
    const most = this.isLine ? MAX_LINE_MEMORY : this.#room.mostBeside;
    const room = Math.max(before, Math.min(most, before + bytes));
    await this.growTo(room, Math.max(room, Math.min(most, room + later)));
    this.shrinkTo(room);
    return room - before;
  }

  /** Gives back the room above this many bytes. */
  shrinkTo(bytes: number): void {
    this.#held = Math.max(MIN_BYTES, Math.min(this.#held, bytes));
  }

  /** Call it when the whole body has arrived: from now on it holds this many bytes. */
  complete(bytes: number): void {
    this.shrinkTo(bytes);
    this.#most = this.#held;
  }

  /**
   * Call it before the answer begins: how the body came no longer counts.
   * @throws ServiceError `overloaded` if its room was given to another
   */
  beginAnswer(): void {
    this.assertKept();
    this.#pace = new ClientPace(OF_READERS);
    this.#isAnswered = true;
  }

  /** @throws ServiceError `overloaded` if its room was given to another */
  assertKept(): void {
    if (!this.isLost) return;
    const message =
      "others wait, and the request's body or picture comes too slowly or is too large for now; try again";
    throw new ServiceError("overloaded", message);
  }

  release(): void {
    this.endSigns();
    this.#room.remove(this);
  }

  #enter(): boolean {
    // Also when there is room: others may have it by now.
    this.assertKept();
    this.giveSign();
    this.pace.isHeldUp = !this.#room.isFree(this);
    if (!this.pace.isHeldUp) {
      this.#held += this.#wanted;
      this.#wanted = 0;
    }
    return !this.pace.isHeldUp;
  }
}
