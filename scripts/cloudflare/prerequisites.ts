/**
 * What a deployment needs and cannot make: settings, and what a new account does not have until somebody turns it on in
 * the dashboard. Without it, a step in the middle or at the end is refused.
 */
import { committedConfig, GATEWAY_CONFIG } from "../worker-configs.ts";
import type { CloudflareApi } from "./api.ts";
import { isRefusal } from "./api-call.ts";

const DASHBOARD = "https://dash.cloudflare.com/?to=/:account";

/** Error code: the token may not make this call. The step that needs what was asked for will say so. */
const NOT_ALLOWED = [10000];

/** Calls that change nothing, and the error codes of an account that lacks something. */
const NEEDED = [
  {
    ask: (api: CloudflareApi): Promise<unknown> => api.buckets(),
    codes: [10042],
    missing: `This account has no subscription to R2: add it at ${DASHBOARD}/r2/overview`,
  },
  {
    ask: (api: CloudflareApi): Promise<unknown> => api.accountSubdomain(),
    codes: [10007, 10063],
    missing: `This account has no subdomain of workers.dev: choose one at ${DASHBOARD}/workers/onboarding`,
  },
];

/** As wrangler shows the error. Nothing tells before an upload whether Analytics Engine is on. */
const NO_ANALYTICS_ENGINE = /\[code:\s+10089\]/;

/**
 * Changes nothing.
 * @throws Error that says what is missing and where to turn it on
 */
export async function checkPrerequisites(api: CloudflareApi): Promise<void> {
  const missing: string[] = [];
  if (committedConfig(GATEWAY_CONFIG).workers_dev !== true) {
    missing.push(`${GATEWAY_CONFIG} needs workers_dev = true: a deployment is tested on workers.dev`);
  }
  for (const { ask, codes, missing: what } of NEEDED) {
    try {
      await ask(api);
    } catch (error) {
      if (isRefusal(error, codes)) missing.push(what);
      else if (!isRefusal(error, NOT_ALLOWED)) throw error;
    }
  }
  if (missing.length > 0) throw new Error(missing.join("\n"));
}

/** @returns lines that say what to turn on, if a step failed because it was off */
export function adviceFor(failure: string): string[] {
  if (!NO_ANALYTICS_ENGINE.test(failure)) return [];
  return [
    `Turn on Analytics Engine, to which usage is recorded: ${DASHBOARD}/workers/analytics-engine. To deploy without, ` +
      `remove [[analytics_engine_datasets]] from ${GATEWAY_CONFIG} and functions/jobs/wrangler.toml.`,
  ];
}
