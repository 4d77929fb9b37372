/**
 * Limits the inputs that the isolate holds: pixels or activations of pictures that wait for their turn at the tower, and
 * outputs that wait for the next stage. Few are enough to keep the tower busy. Whoever else waits has its pixels in the
 * gateway, or its activation in the stage before, which has room for few, too.
 *
 * Room is given in the order in which it was asked for; work in the background has room of its own. Waiting is by
 * polling, and whoever holds room gives signs of life; `runtime/sharing/sign-of-life.ts` says why.
 */
import type { Priority } from "../runtime/rpc.ts";
import { SignOfLife } from "../runtime/sharing/sign-of-life.ts";

/** One is computed while another one is read. */
const MIN_INPUTS: Readonly<Record<Priority, number>> = { interactive: 2, background: 1 };
/** Bytes of inputs of which there may be more. */
export const SMALL_INPUTS = 2_000_000;
const POLL_MS = 5;
/** Three heartbeats (`heartbeat.ts`). If a request that lives is taken for ended, there is one input more for a moment. */
const EXPIRY_MS = 6_000;
/** Longer than any input is computed: meanwhile nobody polls. */
const WAITING_EXPIRY_MS = 5_000;

/** The room of one request, which has one input at a time. */
export class InputShare {
  readonly priority: Priority;
  readonly #room: InputRoom;
  readonly #sign = new SignOfLife();
  /** What it holds or waits for. */
  bytes = 0;
  #isClosed = false;

  constructor(room: InputRoom, priority: Priority) {
    this.#room = room;
    this.priority = priority;
  }

  /** Waits for room for an input. @throws the signal's reason */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    this.bytes = bytes;
    this.#sign.renew();
    try {
      while (!this.#isClosed && !this.#room.enter(this)) {
        await scheduler.wait(POLL_MS);
        signal.throwIfAborted();
        this.#sign.renew();
      }
    } finally {
      this.#room.stopWaiting(this);
    }
    if (this.#isClosed) throw new Error("the request has ended");
  }

  /** Gives a sign of life. */
  renew(): void {
    this.#sign.renew();
  }

  isOlderThan(milliseconds: number): boolean {
    return this.#sign.isOlderThan(milliseconds);
  }

  /** Gives the room back. */
  giveBack(): void {
    this.#room.leave(this);
  }

  /** Call it when the request ends. */
  close(): void {
    this.#isClosed = true;
    this.giveBack();
  }
}

export class InputRoom {
  readonly #smallInputs: number;
  readonly #holders = new Set<InputShare>();
  /** In the order in which they asked. */
  readonly #waiting = new Set<InputShare>();

  /** @param smallInputs bytes that several inputs may have together; 0 if there are to be as few as possible */
  constructor(smallInputs: number) {
    this.#smallInputs = smallInputs;
  }

  open(priority: Priority): InputShare {
    return new InputShare(this, priority);
  }

  /** Takes room if it is the share's turn and there is some. */
  enter(share: InputShare): boolean {
    this.#waiting.add(share);
    for (const other of this.#waiting) {
      if (other === share) break;
      if (other.priority !== share.priority) continue;
      if (!other.isOlderThan(WAITING_EXPIRY_MS)) return false;
      this.#waiting.delete(other);
    }
    if (!this.#hasRoom(share)) return false;
    this.#waiting.delete(share);
    this.#holders.add(share);
    return true;
  }

  stopWaiting(share: InputShare): void {
    this.#waiting.delete(share);
  }

  leave(share: InputShare): void {
    this.#holders.delete(share);
  }

  #hasRoom({ priority, bytes }: InputShare): boolean {
    let [count, all] = [0, bytes];
    for (const holder of this.#holders) {
      if (holder.isOlderThan(EXPIRY_MS)) this.#holders.delete(holder);
      else if (holder.priority === priority) {
        count++;
        all += holder.bytes;
      }
    }
    return count < MIN_INPUTS[priority] || (priority === "interactive" && all <= this.#smallInputs);
  }
}
