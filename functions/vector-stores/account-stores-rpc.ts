/**
 * What an account's Durable Object knows of its vector stores: which there are, in the order of their creation, and
 * which have files embedded.
 */

export interface StorePage {
  ids: string[];
  hasMore: boolean;
  /** A cursor that the list neither has nor had not long ago; then the page is empty. */
  unknown?: "after" | "before";
}

export interface StoreQuery {
  after: string | null;
  before: string | null;
  limit: number;
  order: "asc" | "desc";
}

export interface AccountStoresRpc {
  /** @returns false if the account has `most` stores */
  addStore(id: string, most: number): Promise<boolean>;
  listStores(query: StoreQuery): Promise<StorePage>;
  forgetStore(id: string): Promise<void>;
  /**
   * For one piece of work, until `endFilling`, or for two minutes.
   * @param most stores that are filled at once
   * @returns 0 if the store is one of them, else after how many milliseconds it is to ask again
   */
  beginFilling(id: string, most: number): Promise<number>;
  endFilling(id: string): Promise<void>;
}
