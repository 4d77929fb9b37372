/** Lists of an account that are longer than a page of Cloudflare's API are read to their end. */
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { ReleaseAccount } from "./release-account.ts";

const MANY = 250;

let account: ReleaseAccount;

beforeAll(async () => {
  account = await ReleaseAccount.open();
  const { state } = account.cloudflare.account;
  for (let i = 0; i < MANY; i++) {
    state.buckets.push(`bucket-${i}`);
    state.namespaces[`namespace-${i}`] = String(i).padStart(32, "0");
    state.queues[`queue-${i}`] = [];
    state.accounts.push({ id: `account-${i}`, name: "another" });
  }
});

afterAll(async () => {
  await account.close();
});

it("all buckets, namespaces and queues are found, the last as well", async () => {
  const api = await account.scripts.CloudflareApi.open();
  expect(await api.buckets()).toEqual(account.cloudflare.account.state.buckets);
  expect(Object.fromEntries(await api.namespaces())).toEqual(account.cloudflare.account.state.namespaces);
  expect([...(await api.queues()).keys()]).toEqual(Object.keys(account.cloudflare.account.state.queues));
});

it("whoever has to choose an account is shown all of them", async () => {
  vi.stubEnv("CLOUDFLARE_ACCOUNT_ID", undefined);
  await expect(account.scripts.CloudflareApi.open()).rejects.toThrow(`account-${MANY - 1} (another)`);
});
