/** One call of Cloudflare's API. */
import * as z from "zod";

const envelopeSchema = z.object({
  success: z.boolean(),
  errors: z
    .array(z.object({ code: z.number().default(0), message: z.string() }))
    .nullish()
    .transform((errors) => errors ?? []),
  result: z.unknown(),
  result_info: z
    .object({
      page: z.number().optional(),
      per_page: z.number().optional(),
      total_count: z.number().optional(),
      cursor: z.string().nullish(),
    })
    .nullish(),
});
export type Envelope = z.infer<typeof envelopeSchema>;

/** Cloudflare refused a call, or did not answer it in JSON. The message has method, path, status and Cloudflare's messages. */
export class CloudflareRefusal extends Error {
  /** Cloudflare's own error codes. */
  readonly codes: readonly number[];

  constructor(message: string, codes: readonly number[]) {
    super(message);
    this.codes = codes;
  }
}

/** True if Cloudflare refused a call with one of these error codes. */
export function isRefusal(error: unknown, codes: readonly number[]): boolean {
  return error instanceof CloudflareRefusal && error.codes.some((code) => codes.includes(code));
}

/**
 * @param path from the API's URL on
 * @param body a form, or an object for JSON
 * @throws CloudflareRefusal
 */
export async function callApi(
  token: string,
  method: string,
  path: string,
  body?: FormData | object,
): Promise<Envelope> {
  const isForm = body instanceof FormData;
  const response = await fetch(cloudflareBaseUrl() + path, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(isForm ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
  });
  const envelope = envelopeSchema.safeParse(await response.json().catch(() => undefined));
  if (envelope.data?.success === true) return envelope.data;
  const errors = envelope.data?.errors;
  const reasons = errors?.map(({ message }) => message).join("; ");
  throw new CloudflareRefusal(
    `Cloudflare: ${method} ${path} answers ${response.status}: ${reasons ?? "no JSON"}`,
    errors?.map(({ code }) => code) ?? [],
  );
}

/** The URL of Cloudflare's API. wrangler reads the same variable. */
export function cloudflareBaseUrl(): string {
  return process.env["CLOUDFLARE_API_BASE_URL"] ?? "https://api.cloudflare.com/client/v4";
}
