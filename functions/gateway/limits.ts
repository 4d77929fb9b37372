/** The limits of the API, as its reference and its error messages state them. */

export const MAX_IMAGES = 16;
/** Labels of a classification, texts of a comparison or documents of a ranking. */
export const MAX_TEXTS = 1000;
/** Inputs of `embeddings`: the same limit as OpenAI's. */
export const MAX_INPUTS = 2048;
/** Prompts of labels that are not in the cache. Each costs tens of milliseconds of CPU time. */
export const MAX_UNCACHED_PROMPTS = 1000;
/** UTF-16 code units of all label prompts of a request together. 1,000 labels in 80 templates use half of it. */
export const MAX_PROMPT_CHARACTERS = 8_000_000;
/** Scored labels in an answer, over all pictures and sets: enough for 16 pictures with the largest set. */
export const MAX_PREDICTIONS = 160_000;
/** Label sets in one classification. */
export const MAX_LABEL_SETS = 16;
/** Labels in a stored set. */
export const MAX_SET_LABELS = 10_000;
export const MAX_TEMPLATES = 100;
export const MAX_PROMPTS_PER_LABEL = 100;
/** UTF-16 code units of a text, label or prompt. A model reads only the first 77 tokens. */
export const MAX_TEXT_LENGTH = 8192;
/** UTF-16 code units of a template; it is repeated for each label. */
export const MAX_TEMPLATE_LENGTH = 512;
/** Bytes. */
export const MAX_JSON_BYTES = 16_000_000;
export const MAX_MULTIPART_BYTES = 64_000_000;
/** All fields of a multipart request that are not files, together. */
export const MAX_FORM_FIELD_BYTES = 4_000_000;
export const MAX_IMAGE_BYTES = 20_000_000;
/** Milliseconds until the headers of a picture's URL must arrive, and again until its bytes must. */
export const FETCH_TIMEOUT_MS = 10_000;
export const MAX_REDIRECTS = 3;
export const DEFAULT_TOP_K = 5;
/** UTF-16 code units of a model's or a label set's name. */
export const MAX_NAME_LENGTH = 256;
/** Label sets on a page of the list. */
export const DEFAULT_PAGE = 20;
export const MAX_PAGE = 100;
/** Values of a vector that comes with a request. Models have fewer. */
export const MAX_EMBEDDING_VALUES = 4096;
export const MAX_MESSAGES = 64;
