/** A deployment with keys and with rate limits low enough for a test. */
import type { KVNamespace } from "@cloudflare/workers-types";
import OpenAI from "openai";
import { addKey } from "../../support/add-key.ts";
import { withRateLimits } from "../../support/rate-limits.ts";
import { startWorkers, type Workers } from "../../support/workers.ts";

export const PEPPER = "the deployment's own secret";
export const RATES = { PUBLIC: 3, FREE: 4, STANDARD: 60, HIGH: 1000 };

/** @param forPublic the limit of requests without a valid key */
export async function deploy(
  access: "keys" | "public",
  variables: Record<string, string> = {},
  period: 10 | 60 = 60,
  forPublic = RATES.PUBLIC,
): Promise<Workers> {
  const rates = { ...RATES, PUBLIC: forPublic };
  const limits = Object.entries(rates).map(([tier, limit]) => `LIMIT_${tier}=${limit}/${period}`);
  const changed = { RATE_LIMITS: limits.join(), ...variables };
  return await startWorkers({
    access,
    change: (name, options) =>
      name === "edgeclip"
        ? withRateLimits(
            { ...options, bindings: { ...options.bindings, ...changed } } as typeof options,
            rates,
            period,
          )
        : options,
  });
}

export async function keysOf({ miniflare }: Workers): Promise<KVNamespace> {
  return (await miniflare.getKVNamespace("KEYS", "edgeclip")) as unknown as KVNamespace;
}

/** Expires in an hour and uses the deployment's pepper, unless the test says otherwise. */
export async function keyOf(
  workers: Workers,
  account: string,
  options: Parameters<typeof addKey>[2] = {},
): ReturnType<typeof addKey> {
  return await addKey(await keysOf(workers), account, { expiresIn: 3600, pepper: PEPPER, ...options });
}

export const sdk = ({ url }: Workers, apiKey: string): OpenAI =>
  new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });

export const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });
