/** The names of an account's label sets: its Durable Object, asked with a deadline. */
import { askAgain } from "../runtime/ask-object.ts";
import { ServiceError } from "../runtime/errors.ts";
import type { SetNamesNamespace, SetNamesRpc } from "./set-names-rpc.ts";

/** What names are kept in. */
export interface SetNamesBindings {
  ACCOUNTS: SetNamesNamespace;
}

/** Every method throws ServiceError `overloaded` while the object does not answer, and may be repeated. */
export class SetNames {
  readonly #object: () => SetNamesRpc;

  constructor({ ACCOUNTS }: SetNamesBindings, account: string) {
    // A stub that has met a broken object stays broken.
    this.#object = () => ACCOUNTS.getByName(account);
  }

  /**
   * @param isComputed false to let the name go on leading to its former set until `computed`
   * @throws ServiceError `storage_limit_exceeded`
   */
  async give(name: string, id: string, isComputed: boolean, revision: string): Promise<void> {
    const naming = await this.#ask((object) => object.nameSet(name, id, isComputed, revision));
    if (naming === "named") return;
    const message =
      "the account has as many names of label sets as it may have: delete sets that are not used";
    throw new ServiceError("storage_limit_exceeded", message, { param: "name" });
  }

  /** Id of the set that a name leads to. */
  async setOf(name: string): Promise<string | undefined> {
    return await this.#ask((object) => object.setNamed(name));
  }

  /** The name of each set that has one, by its id. */
  async namesOf(ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (ids.length === 0) return new Map();
    return new Map(Object.entries(await this.#ask((object) => object.namesOfSets(ids))));
  }

  /** @param served all revisions that are served, if they are known */
  async computed(id: string, revision: string, served?: readonly string[]): Promise<void> {
    await this.#ask((object) => object.setComputed(id, revision, served));
  }

  async removed(id: string): Promise<void> {
    await this.#ask((object) => object.setRemoved(id));
  }

  async #ask<T>(question: (object: SetNamesRpc) => Promise<T>): Promise<T> {
    return await askAgain(() => question(this.#object()), unreachable);
  }
}

function unreachable(cause: unknown): ServiceError {
  return new ServiceError("overloaded", "names of label sets cannot be reached; try again", { cause });
}
