/**
 * A client that leaves. Unlike Cloudflare, local workerd does not notice when an HTTP client closes its connection, but
 * it notices when a Worker aborts its request to another Worker. So the tests send requests to this Worker. It forwards
 * them to the gateway and aborts after the milliseconds in the header `x-leave-after`, which looks to the gateway like
 * a client that left.
 */
import type { V4WorkerOptions } from "miniflare";

export const IMPATIENT: V4WorkerOptions = {
  name: "impatient",
  modules: [
    {
      type: "ESModule",
      path: "impatient.js",
      contents: `
export default {
  async fetch(request, env) {
    const patience = request.headers.get("x-leave-after");
    const body = await request.arrayBuffer();
    const signal = patience === null ? undefined : AbortSignal.timeout(Number(patience));
    try {
      return await env.GATEWAY.fetch(request.url, { method: "POST", headers: request.headers, body, signal });
    } catch (error) {
      return Response.json({ left: String(error) }, { status: 499 });
    }
  },
};`,
    },
  ],
  compatibilityDate: "2026-10-20",
  serviceBindings: { GATEWAY: "edgeclip" },
  unsafeDirectSockets: [{}],
};

/**
 * Sends JSON through the impatient Worker and leaves.
 * @param url of the impatient Worker, with the gateway's path
 * @returns 499, or the status if the answer was faster
 */
export async function leaveAfter(url: string, body: unknown, milliseconds: number): Promise<number> {
  const headers = { "content-type": "application/json", "x-leave-after": String(milliseconds) };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  await response.arrayBuffer();
  return response.status;
}
