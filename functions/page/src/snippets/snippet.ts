/** What the programs need to know besides the request. */

export interface SnippetContext {
  /** Of the API. */
  origin: string;
  /** Whether the request was made with a key; the key itself is never written into a program. */
  needsKey: boolean;
}
