/**
 * What an account's Durable Object says of its label sets that are computed in the background (`functions/state/`). It
 * lends a few turns at once, each for one part. The message of a set that waits for its turn is kept in the object, so
 * that it takes no place in the queue, which all accounts share.
 */
import type { BuildMessage } from "./build-message.ts";

/** A set, for a model: `<alias>@<revision>`. */
export type Build = Pick<BuildMessage, "id" | "model">;

/** A turn at a set, as its message names it. */
export type NamedTurn = Build & Pick<BuildMessage, "turn">;

/** What follows a turn. `over`: the set is ready or given up; `later`: the queue has its message still. */
export type AfterTurn = BuildMessage | "over" | "later";

export interface BuildTurn {
  /** Whether it is the set's turn; otherwise the object keeps its message. */
  mayBegin: boolean;
  /** Messages of other sets whose turn it is. */
  others: BuildMessage[];
}

export interface EndedTurn {
  /** False if the set has another message, because it was stored again meanwhile, or none: all of it stays as it is. */
  isOwn: boolean;
  /** Messages of the sets whose turn it is now. */
  messages: BuildMessage[];
}

export interface ResumedBuilds {
  /** Messages of the sets whose turn it is now. */
  messages: BuildMessage[];
  /** All sets that are to be computed. */
  open: Build[];
}

export interface AccountBuildsRpc {
  /**
   * Counts a set among those that are to be computed.
   * @param most sets that may be
   * @param message of the set, which is about to be sent; it is given again if it does not come
   * @returns false if as many are, and the set is none of them
   */
  openBuild(build: Build, most: number, message?: BuildMessage): Promise<boolean>;
  /**
   * The queue has delivered a message.
   * @param most turns at once
   * @param call a name for it: whoever did not hear the answer gives the same again
   */
  beginTurn(message: BuildMessage, most: number, call: string): Promise<BuildTurn>;
  endTurn(turn: NamedTurn, after: AfterTurn, most: number, call: string): Promise<EndedTurn>;
  /** A message's turn is over already: it is not sent again. @returns messages of the sets whose turn it is now */
  dropMessage(message: BuildMessage, most: number, call: string): Promise<BuildMessage[]>;
  /** Gives turns that nobody else gives, because the messages of all who could were lost. */
  resumeBuilds(most: number, call: string): Promise<ResumedBuilds>;
}
