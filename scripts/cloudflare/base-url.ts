/** Of Cloudflare's API; wrangler knows the variable by the same name. */
export function cloudflareBaseUrl(): string {
  return process.env["CLOUDFLARE_API_BASE_URL"] ?? "https://api.cloudflare.com/client/v4";
}
