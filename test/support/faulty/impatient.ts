/**
 * A client that leaves. Unlike Cloudflare, local workerd does not notice when an HTTP client closes its connection, but
 * it notices when a Worker aborts its request to another Worker. So the tests send requests to this Worker. It forwards
 * them to the gateway, and aborts one when a DELETE names it, which looks to the gateway like a client that left.
 * One whose answer has begun stays.
 */
import { randomUUID } from "node:crypto";
import type { Miniflare, V4WorkerOptions } from "miniflare";

export const IMPATIENT: V4WorkerOptions = {
  name: "impatient",
  modules: [
    {
      type: "ESModule",
      path: "impatient.js",
      contents: `
const leaving = new Set();

export default {
  async fetch(request, env) {
    const client = request.headers.get("x-client");
    if (request.method === "DELETE") {
      leaving.add(client);
      return new Response(null, { status: 204 });
    }
    const body = await request.arrayBuffer();
    const controller = new AbortController();
    const { signal } = controller;
    const answer = env.GATEWAY.fetch(request.url, { method: "POST", headers: request.headers, body, signal });
    let isAnswered = false;
    const watch = async () => {
      while (!isAnswered && !leaving.has(client)) await scheduler.wait(5);
      if (!isAnswered) controller.abort();
    };
    const watched = watch();
    try {
      return await answer;
    } catch (error) {
      return Response.json({ left: String(error) }, { status: 499 });
    } finally {
      isAnswered = true;
      await watched;
      leaving.delete(client);
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
 * @param path of the gateway
 * @param event upon which to leave; not a time, because machines differ in speed
 * @returns 499, or the status if the answer was faster
 */
export async function leaveUpon(
  { miniflare }: { miniflare: Miniflare },
  path: string,
  body: unknown,
  event: Promise<unknown>,
): Promise<number> {
  const url = new URL(path, await miniflare.unsafeGetDirectURL("impatient"));
  const headers = { "content-type": "application/json", "x-client": randomUUID() };
  const status = fetch(url, { method: "POST", headers, body: JSON.stringify(body) }).then(async (answer) => {
    await answer.arrayBuffer();
    return answer.status;
  });
  try {
    await Promise.race([event, status]);
  } finally {
    await fetch(url, { method: "DELETE", headers });
    await status;
  }
  return await status;
}
