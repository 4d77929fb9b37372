/** The URL of Cloudflare's API. wrangler reads the same variable. */
export function cloudflareBaseUrl(): string {
  return process.env["CLOUDFLARE_API_BASE_URL"] ?? "https://api.cloudflare.com/client/v4";
}
