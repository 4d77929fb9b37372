/** Bounds of a vector store and of a search of it. */

/** Pictures, those that failed or wait included. */
export const MAX_STORE_PICTURES = 100_000;
/** Bytes of a picture's attributes as JSON. */
export const MAX_ATTRIBUTE_BYTES = 1_024;
/** Pictures that are added in one call. */
export const MAX_ADDED = 1_000;
/**
 * Rows of a segment, however narrow they are: with the longest attributes, 15 MB. `maxSegmentRows` has fewer for wide
 * ones. A row's place in a segment must fit in 16 bits.
 */
export const MAX_SEGMENT_ROWS = 8_192;
/** Live rows that are in no segment; `add` is refused as busy beyond. With the longest attributes, 4 MB. */
export const MAX_OPEN_ROWS = 2_048;
/** Rows that are asked for at once. */
export const MAX_ROWS_READ = 1_024;
/** Files of a file batch (OpenAI's limit). */
export const MAX_BATCH_FILES = 2_000;
/** File batches that a store remembers; the oldest that are over make way. */
export const MAX_STORE_BATCHES = 1_000;
/** Vector stores of an account. */
export const MAX_STORES = 100;
/** Stores of an account whose files are embedded at once. */
export const MAX_FILLING_STORES = 2;

/** Queries of a search, each of which is compared with every row. */
export const MAX_SEARCH_QUERIES = 32;
/** Pictures in an answer (OpenAI's limit). */
export const MAX_SEARCH_RESULTS = 50;
/** Comparisons of a filter, those in compound ones included: each reads a column of each segment. */
export const MAX_FILTER_COMPARISONS = 32;
/** Levels of a filter; a comparison alone has one. */
export const MAX_FILTER_DEPTH = 8;
/** Values of `in` and `nin`. */
export const MAX_FILTER_VALUES = 100;
