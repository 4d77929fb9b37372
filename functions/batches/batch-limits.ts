/** The limits of a batch, as the API's reference and its errors state them. */

export const MAX_BATCH_LINES = 50_000;
/** Blank lines are skipped, but each takes a turn: 95 million would take more CPU time than an invocation has. */
export const MAX_BATCH_BLANK_LINES = 50_000;
/** Inputs of `/v1/embeddings`, over all lines; and pictures, over all lines. */
export const MAX_BATCH_INPUTS = 50_000;
export const MAX_BATCH_IMAGES = 50_000;
/**
 * Bytes of a line, and those that it may take once parsed: less than of a request, because it keeps room in the gateway
 * that requests need (`gateway/body/bytes-in-flight.ts`). A picture that is larger has a `file_id`.
 */
export const MAX_LINE_BYTES = 10_000_000;
export const MAX_LINE_MEMORY = 18_000_000;
/** Bytes of output and error file together. */
export const MAX_OUTPUT_BYTES = 1_000_000_000;
/** UTF-16 code units of a `custom_id`. */
export const MAX_CUSTOM_ID_LENGTH = 512;
/** Faults of the input that a batch lists. */
export const MAX_BATCH_ERRORS = 100;
/** Batches of an account that are not over. */
export const MAX_OPEN_BATCHES = 100;
/** Batches of an account that are worked on at once, the oldest first. */
export const MAX_BEGUN_BATCHES = 2;
/** Seconds in which a batch must be done. */
export const COMPLETION_WINDOW = 24 * 3600;
/** Seconds for which a batch is kept once it is over, and its output and errors unless the request says otherwise. */
export const KEPT_FOR = 30 * 24 * 3600;
/** Seconds after its creation when a batch goes, also one that nobody could end. */
export const LONGEST_LIFE = COMPLETION_WINDOW + KEPT_FOR;
