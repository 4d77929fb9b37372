/**
 * What an account's Durable Object says of the names of its label sets (`functions/state/`). A name leads to one set at
 * a time, and whoever gives it last decides. A set may have several names, or none; it never changes, so a name is all
 * that ever moves.
 */

/** `full`: the account has as many names as it may have, and this is another. */
export type Naming = "named" | "full";

export interface SetNamesRpc {
  /**
   * Points a name to a set. A name that leads to another set goes on doing so until the new one is computed, so that
   * nobody who uses it meets a set that cannot answer yet.
   * @param isComputed whether the set can answer now; if not, `setComputed` is still to be said
   * @param revision of the model that the set is computed for
   */
  nameSet(name: string, id: string, isComputed: boolean, revision: string): Promise<Naming>;
  /** Id of the set that a name leads to. */
  setNamed(name: string): Promise<string | undefined>;
  /** The name that each set was given last, of those that lead to it; sets without a name are left out. */
  namesOfSets(ids: readonly string[]): Promise<Record<string, string>>;
  /**
   * A set can answer for a model's revision: names that wait for that go to it.
   * @param served all revisions that are served, if the caller knows them: a name waits for no other one
   */
  setComputed(id: string, revision: string, served?: readonly string[]): Promise<void>;
  /** A set is deleted, and with it its names. */
  setRemoved(id: string): Promise<void>;
}

/** The namespace of accounts' Durable Objects. */
export interface SetNamesNamespace {
  getByName(account: string): SetNamesRpc;
}
