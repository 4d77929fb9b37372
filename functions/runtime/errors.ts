/**
 * The one error of the service. Every refusal carries a stable `code` of the API contract; `functions/gateway`
 * maps it to HTTP in exactly one place, from the table below.
 */

/** Code → HTTP status and OpenAI error type. */
export const ERROR_KINDS = {
  invalid_json: [400, "invalid_request_error"],
  invalid_type: [400, "invalid_request_error"],
  missing_field: [400, "invalid_request_error"],
  empty_input: [400, "invalid_request_error"],
  too_many_items: [400, "invalid_request_error"],
  too_long: [400, "invalid_request_error"],
  unknown_field: [400, "invalid_request_error"],
  invalid_value: [400, "invalid_request_error"],
  duplicate_label: [400, "invalid_request_error"],
  invalid_template: [400, "invalid_request_error"],
  invalid_image: [400, "invalid_request_error"],
  unsupported_image_format: [400, "invalid_request_error"],
  image_too_large: [400, "invalid_request_error"],
  image_fetch_failed: [400, "invalid_request_error"],
  image_url_forbidden: [400, "invalid_request_error"],
  unsupported_dimensions: [400, "invalid_request_error"],
  invalid_api_key: [401, "authentication_error"],
  origin_not_allowed: [403, "permission_error"],
  storage_limit_exceeded: [403, "permission_error"],
  not_found: [404, "invalid_request_error"],
  model_not_found: [404, "invalid_request_error"],
  label_set_not_found: [404, "invalid_request_error"],
  file_not_found: [404, "invalid_request_error"],
  batch_not_found: [404, "invalid_request_error"],
  vector_store_not_found: [404, "invalid_request_error"],
  method_not_allowed: [405, "invalid_request_error"],
  conflict: [409, "invalid_request_error"],
  label_set_model_mismatch: [409, "invalid_request_error"],
  store_model_mismatch: [409, "invalid_request_error"],
  vector_store_expired: [409, "invalid_request_error"],
  request_too_large: [413, "invalid_request_error"],
  unsupported_media_type: [415, "invalid_request_error"],
  rate_limit_exceeded: [429, "rate_limit_error"],
  overloaded: [503, "server_error"],
  model_unavailable: [503, "server_error"],
  not_configured: [503, "server_error"],
} as const satisfies Record<string, readonly [status: number, type: string]>;

export type ErrorCode = keyof typeof ERROR_KINDS;

/** A refusal with a code of the contract. `param` is a path such as `images[2]`. */
export class ServiceError extends Error {
  override readonly name = "ServiceError";
  readonly code: ErrorCode;
  readonly param: string | null;

  constructor(code: ErrorCode, message: string, options: { param?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.param = options.param ?? null;
  }
}
