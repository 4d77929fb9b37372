/**
 * `npm run keys -- <command>`: the deployment's API keys.
 *
 *   create --account <name> [--name <text>] [--tier free|standard|high] [--expires <days>d] [--operator]
 *   list
 *   revoke <id>
 *
 * Works on the local store that `npm start` uses, or with `--remote` on the deployment's, through wrangler. A key is
 * shown once, when it is made; only its hash is stored. With `--remote`, the deployment's secret KEY_PEPPER is in the hash:
 * it is read from the file that `npm run deploy` made, or from the environment.
 */
import { parseArgs } from "node:util";
import { keyPath, newKey, PUBLIC_ACCOUNT, type Tier, TIERS } from "../../functions/gateway/access/api-key.ts";
import { readSecrets } from "../cloudflare/secrets.ts";
import { newRecord } from "./new-record.ts";
import { type KeyStore, localKeys, remoteKeys } from "./key-stores.ts";

const DAY_SECONDS = 24 * 3600;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    account: { type: "string" },
    name: { type: "string", default: "" },
    tier: { type: "string", default: "standard" },
    expires: { type: "string" },
    operator: { type: "boolean", default: false },
    remote: { type: "boolean", default: false },
  },
});

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

function tierOf(name: string): Tier {
  return TIERS.find((tier) => tier === name) ?? fail(`--tier is one of ${TIERS.join(", ")}`);
}

/** @returns seconds, or null for ever */
function lifetimeOf(expires: string | undefined): number | null {
  if (expires === undefined) return null;
  const [, days] = /^([1-9]\d*)d$/.exec(expires) ?? fail("--expires is a number of days, such as 90d");
  return Number(days) * DAY_SECONDS;
}

async function create(store: KeyStore): Promise<void> {
  const account = values.account ?? fail("--account is needed: whose key it is");
  if (account === PUBLIC_ACCOUNT) fail(`"${account}" is whose requests without a key are; take another name`);
  const key = newKey();
  const secrets = values.remote ? await readSecrets() : undefined;
  const path = await keyPath(key, secrets?.KEY_PEPPER ?? process.env["KEY_PEPPER"]);
  const record = newRecord(path, {
    account,
    name: values.name,
    tier: tierOf(values.tier),
    lifetime: lifetimeOf(values.expires),
    operator: values.operator,
  });
  await store.put(path, record);
  console.log(`${record.id} for ${account}, ${record.tier}. The key, shown this once:\n\n  ${key}\n`);
}

function date(seconds: number | null): string {
  return seconds === null ? "never" : new Date(seconds * 1000).toISOString().slice(0, 10);
}

async function list(store: KeyStore): Promise<void> {
  for (const { record } of await store.list()) {
    const { id, account, name, tier, created_at, expires_at } = record;
    const cells = [id, account, tier, `made ${date(created_at)}`, `expires ${date(expires_at)}`, name];
    console.log(cells.join("  "));
  }
}

async function revoke(store: KeyStore, id: string | undefined): Promise<void> {
  const found = (await store.list()).find(({ record }) => record.id === id);
  if (found === undefined) fail(`there is no key ${id ?? ""}`);
  await store.remove(found.path);
  console.log(`${found.record.id} is revoked; within 90 seconds it is refused everywhere.`);
}

const [command, argument] = positionals;
const store = values.remote ? await remoteKeys() : await localKeys();
try {
  if (command === "create") await create(store);
  else if (command === "list") await list(store);
  else if (command === "revoke") await revoke(store, argument);
  else fail("what to do? create, list or revoke <id>");
} finally {
  await store.close();
}
