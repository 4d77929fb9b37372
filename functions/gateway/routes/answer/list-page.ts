/** A page of a list, as OpenAI has them. */
import type { Context } from "hono";
import type { GatewayEnv } from "../../middleware/gateway-env.ts";

export function listPage(
  c: Context<GatewayEnv>,
  data: readonly { id: string }[],
  hasMore: boolean,
): Response {
  return c.json({
    object: "list",
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: hasMore,
  });
}
