/** The Workers' configurations, the gateway first: it is the one that listens. */
export const WORKER_CONFIGS = [
  "wrangler.toml",
  "functions/decoder/wrangler.toml",
  "functions/vision/wrangler.toml",
  "functions/text/wrangler.toml",
] as const;
