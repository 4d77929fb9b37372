/** What an account's Durable Object knows of its vector stores: which there are, in the order of their creation. */

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
}
