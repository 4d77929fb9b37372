/** What the snippets need besides the request. */

export interface SnippetContext {
  /** The API's origin. */
  origin: string;
  /** True if the request was sent with a key. The key itself is never written into a snippet. */
  needsKey: boolean;
}
