/**
 * `POST /mcp`: the Model Context Protocol, so that assistants can look at pictures. Stateless: each request is answered
 * by a server of its own. The SDK speaks both the revision of 2026-07-28 and, for older clients, that of 2025-11-25.
 */
import { Hono } from "hono";
import type { GatewayEnv } from "../middleware/gateway-env.ts";
import { readFields } from "./request/fields-and-pictures.ts";

export const mcp = new Hono<GatewayEnv>().post("/mcp", async (c) => {
  const body = await readFields(c);
  // Imported when it is needed: the SDK is a third of the gateway's code, and every cold start would wait until it is
  // evaluated.
  const { answerMcp } = await import("./answer/answer-mcp.ts");
  return await answerMcp(c, body);
});
