/** `npm run keys`: API keys of a local `npm start`, or with `--remote` of the deployment. See docs/access.md. */
import { runCommand } from "../../build/command-line/command.ts";
import { printable } from "../../build/command-line/printable.ts";
import { UsageError } from "../../build/command-line/usage-error.ts";
import { oneOf } from "../../build/command-line/values.ts";
import { keyPath, newKey, PUBLIC_ACCOUNT, TIERS } from "../../functions/gateway/keys/api-key.ts";
import { readSecrets } from "../cloudflare/secrets.ts";
import { parseExpiry, showExpiry } from "./expiry.ts";
import { type KeyStore, localKeys, remoteKeys } from "./key-stores.ts";
import { newRecord } from "./new-record.ts";
import { unixSeconds } from "../../functions/runtime/unix-seconds.ts";

interface CreateOptions {
  account?: string | undefined;
  name: string;
  tier: string;
  expires?: string | undefined;
  operator: boolean;
}

type Work = (store: KeyStore) => Promise<void>;

/** @throws UsageError for options that a key cannot have */
function create(options: CreateOptions, remote: boolean): Work {
  const { account, name, expires, operator } = options;
  if (account === undefined)
    throw new UsageError("--account is missing: the account that the key belongs to");
  if (account === PUBLIC_ACCOUNT) {
    throw new UsageError(`--account "${account}" is reserved for requests without a key; use another name`);
  }
  const tier = oneOf("--tier", options.tier, TIERS);
  const lifetime = expires === undefined ? null : parseExpiry(expires, unixSeconds());
  return async (store) => {
    const key = newKey();
    // A deployment's hashes include its secret pepper; on this machine there is none.
    const pepper = remote ? ((await readSecrets())?.KEY_PEPPER ?? process.env["KEY_PEPPER"]) : undefined;
    const path = await keyPath(key, pepper);
    const record = newRecord(path, { account, name, tier, lifetime, operator });
    await store.put(path, record);
    console.log(
      `${record.id} for ${account}, ${record.tier}. The key, which is not shown again:\n\n  ${key}\n`,
    );
  };
}

const list =
  (all: boolean): Work =>
  async (store) => {
    const records = (await store.list()).map(({ record }) => record);
    const shown = records.filter(({ expires_at: end }) => all || end === null || end > unixSeconds());
    for (const { id, account, name, tier, created_at, expires_at } of shown) {
      const made = new Date(created_at * 1000).toISOString().slice(0, 10);
      const shownUntil = showExpiry(expires_at, unixSeconds());
      console.log(printable([id, account, tier, `made ${made}`, shownUntil, name].join("  ")));
    }
    const hidden = records.length - shown.length;
    if (hidden > 0) console.error(`${hidden} expired keys are not shown; --all shows them`);
  };

const revoke =
  (id: string): Work =>
  async (store) => {
    const found = (await store.list()).find(({ record }) => record.id === id);
    if (found === undefined) throw new Error(`there is no key ${id}; "npm run keys -- list" shows the keys`);
    await store.remove(found.path);
    console.log(`${found.record.id} is revoked. It is refused everywhere within 90 seconds.`);
  };

await runCommand(
  {
    usage: "npm run keys -- <create|list|revoke <id>> [options]",
    about: `Creates, lists and revokes API keys: those of npm start on this machine, or with --remote those of the deployment. A
key is shown once, when it is created; only its hash is stored. With --remote, the hash includes the secret KEY_PEPPER, which
is read from the file that "npm run deploy" made, or from the environment.`,
    words: ["<create|list|revoke>", "[id]"],
    options: {
      account: { type: "string", value: "<name>", about: "create: the account that it belongs to" },
      name: { type: "string", value: "<text>", default: "", about: "create: a note for lists" },
      tier: { type: "string", value: "<tier>", default: "standard", about: `create: ${TIERS.join(", ")}` },
      expires: { type: "string", value: "<when>", about: "create: 12h, 90d or a date (default: never)" },
      operator: { type: "boolean", default: false, about: "create: the key may also call /v1/operator" },
      all: { type: "boolean", default: false, about: "list: also expired keys" },
      remote: { type: "boolean", default: false, about: "the deployment's keys" },
    },
  },
  async ({ all, remote, ...options }, [typed = "", id]) => {
    const command = oneOf("the command", typed, ["create", "list", "revoke"]);
    if (command === "revoke" && id === undefined)
      throw new UsageError("<id> is missing: the key to revoke, as list shows it");
    if (command !== "revoke" && id !== undefined) throw new UsageError(`"${id}" is one word too many`);
    // Wrong arguments are reported before a store is opened.
    const work =
      command === "create" ? create(options, remote) : command === "list" ? list(all) : revoke(id ?? "");
    const store = remote ? await remoteKeys() : await localKeys();
    try {
      await work(store);
    } finally {
      await store.close();
    }
  },
);
