/** The label sets of an account that are computed in the background: its Durable Object, asked with a deadline. */
import { askedObject } from "../../runtime/ask-object.ts";
import { ServiceError } from "../../runtime/errors.ts";
import type {
  AccountBuildsRpc,
  AfterTurn,
  Build,
  BuildTurn,
  EndedTurn,
  NamedTurn,
  ResumedBuilds,
} from "./account-builds-rpc.ts";
import { MAX_BUILDING_SETS, MAX_OPEN_BUILDS } from "./build-limits.ts";
import type { BuildMessage } from "./build-message.ts";

export interface BuildBindings {
  ACCOUNTS: { getByName(account: string): AccountBuildsRpc };
}

const REPEATABLE = ["openBuild", "beginTurn", "endTurn", "dropMessage", "resumeBuilds"] as const;

/** Every method throws ServiceError `overloaded` while the object does not answer. */
export class AccountBuilds {
  readonly #object: AccountBuildsRpc;

  constructor({ ACCOUNTS }: BuildBindings, account: string) {
    this.#object = askedObject(() => ACCOUNTS.getByName(account), unreachable, REPEATABLE);
  }

  /** @returns false if as many sets are open as may be, and this is none of them */
  async open({ id, model }: Build): Promise<boolean> {
    return await this.#object.openBuild({ id, model }, MAX_OPEN_BUILDS);
  }

  /** Keeps the first message of a set that is open, before it is sent. */
  async keep(message: BuildMessage): Promise<void> {
    const { id, model } = message;
    await this.#object.openBuild({ id, model }, MAX_OPEN_BUILDS, message);
  }

  async begin(message: BuildMessage): Promise<BuildTurn> {
    return await this.#object.beginTurn(message, MAX_BUILDING_SETS, crypto.randomUUID());
  }

  /** @returns messages to send, too */
  async end({ id, model, turn }: NamedTurn, after: AfterTurn): Promise<EndedTurn> {
    return await this.#object.endTurn({ id, model, turn }, after, MAX_BUILDING_SETS, crypto.randomUUID());
  }

  /** @returns messages to send */
  async drop(message: BuildMessage): Promise<BuildMessage[]> {
    return await this.#object.dropMessage(message, MAX_BUILDING_SETS, crypto.randomUUID());
  }

  async resume(): Promise<ResumedBuilds> {
    return await this.#object.resumeBuilds(MAX_BUILDING_SETS, crypto.randomUUID());
  }
}

function unreachable(cause: unknown): ServiceError {
  return new ServiceError("overloaded", "label sets cannot be computed now; try again", { cause });
}
