/**
 * Delivers messages of a queue as Cloudflare does and local queues do not. Local queues deliver one message at a time.
 * Cloudflare delivers to several consumers at once, sometimes delivers a message twice, and delivers it again if a
 * consumer dies. Takes the messages from the real queue and hands each to the consumer's own `queue` handler until it
 * is acknowledged.
 *
 * `POST /` with `{atOnce?, copies?}` changes how many are delivered at once, and how often each.
 */
import type { V4WorkerOptions } from "miniflare";

const SCRIPT = `
import { WorkerEntrypoint } from "cloudflare:workers";

let settings = { atOnce: 10, copies: 1 };
let running = 0;

async function deliver(env, queue, { id, timestamp, body }) {
  for (let attempts = 1; attempts <= 20; attempts++) {
    while (running >= settings.atOnce) await scheduler.wait(20);
    running++;
    let result;
    try {
      result = await env.CONSUMER.queue(queue, [{ id, timestamp, body, attempts }]);
    } catch {
      result = { outcome: "exception", retryMessages: [], retryBatch: {} };
    }
    running--;
    const [retried] = result.retryMessages;
    if (result.outcome === "ok" && retried === undefined && !result.retryBatch.retry) return;
    await scheduler.wait(1000 * (retried?.delaySeconds ?? 0));
  }
}

/** Makes each delivery a separate call, because a local queue waits for everything that its handler has started. */
export class Delivery extends WorkerEntrypoint {
  begin(queue, message) {
    this.ctx.waitUntil(deliver(this.env, queue, message));
  }
}

export default {
  async queue(batch, env) {
    for (const { id, timestamp, body } of batch.messages) {
      for (let copy = 0; copy < settings.copies; copy++) await env.DELIVERY.begin(batch.queue, { id, timestamp, body });
    }
  },
  async fetch(request) {
    settings = { ...settings, ...(await request.json()) };
    return Response.json(settings);
  },
};`;

/** @param consumer name of the Worker whose queue it is */
export function deliveries(consumer: string): V4WorkerOptions {
  return {
    name: "deliveries",
    modules: [{ type: "ESModule", path: "deliveries.js", contents: SCRIPT }],
    compatibilityDate: "2026-10-20",
    compatibilityFlags: ["service_binding_extra_handlers", "experimental"],
    queueConsumers: Object.fromEntries(
      ["edgeclip-builds", "edgeclip-batches"].map((queue) => [
        queue,
        { maxBatchSize: 100, maxBatchTimeout: 0 },
      ]),
    ),
    serviceBindings: { CONSUMER: consumer, DELIVERY: { name: "deliveries", entrypoint: "Delivery" } },
    unsafeDirectSockets: [{}],
  };
}

/** The consumer, without a queue of its own. */
export function withoutQueue({ queueConsumers: _consumers, ...options }: V4WorkerOptions): V4WorkerOptions {
  return options;
}

/** A consumer that dies in the middle of each of these parts, the first time that it is delivered. */
export function killedAt(parts: readonly number[], options: V4WorkerOptions): V4WorkerOptions {
  const [main] = options.modules as { path: string }[];
  const contents = `
import consumer from "./${main?.path}";
export default {
  async queue(batch, env, ctx) {
    const [{ attempts, body }] = batch.messages;
    const isHit = attempts === 1 && ${JSON.stringify(parts)}.includes(body.part ?? 0);
    const killed = async (...call) => {
      env.TOWERS.embedTokens(...call).catch(() => {});
      await scheduler.wait(100);
      ctx.abort(new Error("the isolate is gone"));
    };
    await consumer.queue(batch, isHit ? { ...env, TOWERS: { embedTokens: killed } } : env, ctx);
  },
};`;
  const killer = { type: "ESModule" as const, path: "killer.js", contents };
  return {
    ...options,
    compatibilityFlags: [...(options.compatibilityFlags ?? []), "experimental"],
    modules: [killer, ...(options.modules as unknown[])] as never,
  };
}
