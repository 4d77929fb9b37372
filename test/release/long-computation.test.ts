/** Computing the stored label sets can take a deployment hours: its key lasts, and a lost answer does not end it. */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { KeyRecord } from "../../functions/gateway/keys/api-key.ts";
import type { Manifest } from "../../model-shards/manifest.ts";
import { withOperatorKey } from "../../scripts/keys/operator-key.ts";
import { computeStoredSets } from "../../scripts/release/compute-stored-sets.ts";
import { readManifest } from "../../scripts/models/read-manifest.ts";
import { DEMO_MODEL } from "../support/workers.ts";
import { ReleaseAccount } from "./release-account.ts";

const NAMESPACE = "0123456789abcdef0123456789abcdef";

let account: ReleaseAccount;
let manifest: Manifest;

beforeAll(async () => {
  account = await ReleaseAccount.open();
  account.cloudflare.account.state.namespaces["keys"] = NAMESPACE;
  manifest = await readManifest(DEMO_MODEL);
});

afterAll(async () => {
  await account.close();
});

it("the key of a deployment that takes longer than a key lasts is renewed, and revoked in the end", async () => {
  const api = await account.scripts.CloudflareApi.open();
  const records = await account.cloudflare.running.namespace(NAMESPACE);
  const lifetime = 4;
  const record = async (): Promise<KeyRecord | null> => {
    const { keys } = await records.list();
    return await records.get<KeyRecord>(keys[0]?.name ?? "none", "json");
  };
  const lines: string[] = [];
  const ends = await withOperatorKey(
    api,
    NAMESPACE,
    (line) => lines.push(line),
    async () => {
      const first = (await record())?.expires_at ?? NaN;
      await sleep(lifetime * 1000);
      return [first, (await record())?.expires_at ?? NaN] as const;
    },
    lifetime,
  );
  expect(ends[1]).toBeGreaterThan(ends[0]);
  expect(ends[1]).toBeGreaterThan(Date.now() / 1000);
  expect(await record()).toBeNull();
  expect(lines).toEqual([]);
});

it("a part whose answer was lost, or that was refused for a while, is asked again from where it was", async () => {
  const asked: unknown[] = [];
  const keys = new Set<string | undefined>();
  const server = createServer((request: IncomingMessage, response) => {
    void text(request).then((body) => {
      asked.push((JSON.parse(body) as { after: string }).after);
      keys.add(request.headers.authorization);
      if (asked.length === 2) response.destroy();
      else if (asked.length === 3) response.writeHead(503, { "retry-after": "0" }).end("busy");
      else
        response.end(
          JSON.stringify({ computed: `ls_${asked.length}`, after: asked.length < 4 ? "a" : null }),
        );
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect(await computeStoredSets(url, "key", manifest)).toEqual({ computed: 2, skipped: [] });
  server.close();
  expect(asked).toEqual(["", "a", "a", "a"]);
  expect([...keys]).toEqual(["Bearer key"]);
});
