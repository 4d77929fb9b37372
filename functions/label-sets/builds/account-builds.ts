/** The label sets of an account that are computed in the background: its Durable Object, asked with a deadline. */
import { askedObject } from "../../runtime/ask-object.ts";
import { ServiceError } from "../../runtime/errors.ts";
import type { AccountBuildsRpc, AfterTurn, Build, BuildTurn } from "./account-builds-rpc.ts";
import { MAX_BUILDING_SETS, MAX_OPEN_BUILDS } from "./build-limits.ts";
import type { BuildMessage } from "./build-message.ts";

export interface BuildBindings {
  ACCOUNTS: { getByName(account: string): AccountBuildsRpc };
}

const REPEATABLE = ["openBuild", "beginTurn", "endTurn", "dropMessage"] as const;

/** Every method throws ServiceError `overloaded` while the object does not answer. */
export class AccountBuilds {
  readonly #object: AccountBuildsRpc;

  constructor({ ACCOUNTS }: BuildBindings, account: string) {
    this.#object = askedObject(() => ACCOUNTS.getByName(account), unreachable, REPEATABLE);
  }

  /** @throws ServiceError `rate_limit_exceeded` */
  async open({ id, model }: Build): Promise<void> {
    if (await this.#object.openBuild({ id, model }, MAX_OPEN_BUILDS)) return;
    const message = `the account has ${MAX_OPEN_BUILDS} label sets that are being computed; wait until one is ready, or delete some`;
    throw new ServiceError("rate_limit_exceeded", message);
  }

  async begin(message: BuildMessage): Promise<BuildTurn> {
    return await this.#object.beginTurn(message, MAX_BUILDING_SETS, crypto.randomUUID());
  }

  /** @returns messages to send */
  async end({ id, model }: Build, after: AfterTurn): Promise<BuildMessage[]> {
    return await this.#object.endTurn({ id, model }, after, MAX_BUILDING_SETS, crypto.randomUUID());
  }

  /** @returns messages to send */
  async drop(message: BuildMessage): Promise<BuildMessage[]> {
    return await this.#object.dropMessage(message, MAX_BUILDING_SETS, crypto.randomUUID());
  }
}

function unreachable(cause: unknown): ServiceError {
  return new ServiceError("overloaded", "label sets cannot be computed now; try again", { cause });
}
