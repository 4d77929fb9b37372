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
/** Bytes of the names of stored labels in an answer, each counted once a set: JSON strings in UTF-8. */
export const MAX_ANSWER_NAME_BYTES = 8_000_000;
/** Label sets in one classification. */
export const MAX_LABEL_SETS = 16;
/** Label sets of an account; R2 lists so many at once. */
export const MAX_STORED_SETS = 1_000;
/** Labels in a stored set. */
export const MAX_SET_LABELS = 10_000;
export const MAX_TEMPLATES = 100;
export const MAX_PROMPTS_PER_LABEL = 100;
/** Prompts that stand for none of the labels. */
export const MAX_NONE_PROMPTS = 100;
/** Logits; far more than the logits of any two texts differ. */
export const MAX_NONE_BIAS = 1000;
export const MAX_EXAMPLES_PER_LABEL = 64;
/** Examples of all labels together. */
export const MAX_EXAMPLES = 2_000;
/** Examples of a request that are pictures or files, embedded or not; each of them is read. */
export const MAX_EXAMPLE_PICTURES = 256;
/** UTF-16 code units of a text, label or prompt. A model reads only the first 77 tokens. */
export const MAX_TEXT_LENGTH = 8192;
/** UTF-16 code units of a label or text of a tool of `/mcp`, whose answer is made as a whole. */
export const MAX_TOOL_TEXT_LENGTH = 256;
/** UTF-16 code units of a template; it is repeated for each label. */
export const MAX_TEMPLATE_LENGTH = 512;
/** Bytes. */
export const MAX_JSON_BYTES = 16_000_000;
export const MAX_MULTIPART_BYTES = 64_000_000;
/** All fields of a multipart request that are not files, together. */
export const MAX_FORM_FIELD_BYTES = 4_000_000;
export const MAX_IMAGE_BYTES = 20_000_000;
/** Milliseconds that a picture's URL may take: redirects, headers and bytes together. */
export const FETCH_TIMEOUT_MS = 10_000;
export const MAX_REDIRECTS = 3;
export const DEFAULT_TOP_K = 5;
/** UTF-16 code units of a model's name, an id, a title, or a vector store's name. */
export const MAX_NAME_LENGTH = 256;
/** Entries on a page of a list. */
export const DEFAULT_PAGE = 20;
export const MAX_PAGE = 100;
/** Values of a vector that comes with a request. Models have fewer. */
export const MAX_EMBEDDING_VALUES = 4096;
export const MAX_MESSAGES = 64;
/** Texts and pictures of one mix. */
export const MAX_MIX_PARTS = 64;
/** Weight of a part of a mix, from minus this to this. */
export const MAX_MIX_WEIGHT = 1000;
/** Bytes of an uploaded file: a zone of a free or pro plan refuses bodies over 100 MB before a Worker sees them. */
export const MAX_FILE_BYTES = 95_000_000;
/** Bytes of a request that uploads a file: the file, its fields and the form around them. */
export const MAX_UPLOAD_BYTES = MAX_FILE_BYTES + 500_000;
/** Bytes that an account's files may have together, by the tier of the key; `public` is a machine of one's own. */
export const MAX_STORED_BYTES = {
  public: 10_000_000_000,
  free: 1_000_000_000,
  standard: 10_000_000_000,
  high: 100_000_000_000,
} as const;
/** UTF-16 code units of a file's name. */
export const MAX_FILENAME_LENGTH = 255;
/** Seconds after which a file may be made to expire, as at OpenAI. */
export const MIN_EXPIRY = 3_600;
export const LONGEST_EXPIRY = 2_592_000;
/** What may be asked for of the list of files, as at OpenAI. A page ends at `MAX_FILES_LISTED`. */
export const MAX_FILES_PAGE = 10_000;
/** Pairs of metadata or attributes, and UTF-16 code units of a key and a value, as at OpenAI. */
export const MAX_METADATA = 16;
export const MAX_METADATA_KEY = 64;
export const MAX_METADATA_VALUE = 512;
/** UTF-16 code units of a vector store's description, as at OpenAI. */
export const MAX_DESCRIPTION_LENGTH = 512;
/** Days after its last use that a vector store may be kept, as at OpenAI. */
export const LONGEST_STORE_LIFE = 365;
/** Pictures in the answer of a search, as at OpenAI. */
export const DEFAULT_RESULTS = 10;
