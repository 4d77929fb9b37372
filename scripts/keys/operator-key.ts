/** An API key for the tests that a deployment makes; it exists only while they run. */
import { messageOf } from "../../build/command-line/message-of.ts";
import { keyId, keyPath, newKey } from "../../functions/gateway/keys/api-key.ts";
import type { CloudflareApi } from "../cloudflare/api.ts";
import { readSecrets } from "../cloudflare/secrets.ts";
import { newRecord } from "./new-record.ts";

/** Expires after this many seconds, in case it cannot be revoked. A deployment that takes longer renews it in time. */
const LIFETIME = 3600;
const RENEWALS_IN_A_LIFETIME = 4;

/**
 * @param namespace id of the KV namespace of API keys
 * @param log called if the key could not be revoked; this is not an error, and the result of `use` counts
 * @param use called with the key. The key is revoked afterwards, also if creating it failed, because it may exist
 * nevertheless
 * @param lifetime seconds
 */
export async function withOperatorKey<T>(
  api: CloudflareApi,
  namespace: string,
  log: (line: string) => void,
  use: (key: string) => Promise<T>,
  lifetime = LIFETIME,
): Promise<T> {
  const key = newKey();
  const path = await keyPath(key, (await readSecrets())?.KEY_PEPPER);
  const about = {
    account: "deployment",
    name: "made by a deployment for its checks",
    tier: "standard" as const,
  };
  const write = async (): Promise<void> => {
    const record = newRecord(path, { ...about, lifetime, operator: true });
    await api.putValue(namespace, path, JSON.stringify(record), record);
  };
  let renewed = Promise.resolve();
  const renewal = setInterval(
    () => {
      renewed = renewed.then(write).catch((error: unknown) => {
        log(`the deployment's own key was not renewed, and is tried again (${messageOf(error)})`);
      });
    },
    (lifetime * 1000) / RENEWALS_IN_A_LIFETIME,
  );
  try {
    await write();
    return await use(key);
  } finally {
    clearInterval(renewal);
    await renewed;
    await api.removeValue(namespace, path).catch((error: unknown) => {
      log(
        `the deployment's own key was not revoked and expires within an hour (${messageOf(error)}); ` +
          `to revoke it: npm run keys -- revoke ${keyId(path)} --remote`,
      );
    });
  }
}
