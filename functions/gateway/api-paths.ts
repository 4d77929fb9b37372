/** Where the API is. A request to one of them needs a key, unless ACCESS says otherwise, and is recorded as usage. */
export const API_PATHS = ["/v1", "/v2", "/hf", "/mcp"] as const;
