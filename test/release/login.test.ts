/** Calls of Cloudflare's API by somebody who has no API token in the environment. wrangler is the real one. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { ReleaseAccount } from "./release-account.ts";

const HOUR_MS = 3_600_000;

let account: ReleaseAccount;

beforeAll(async () => {
  account = await ReleaseAccount.open();
  vi.stubEnv("CLOUDFLARE_API_TOKEN", undefined);
  vi.stubEnv("HOME", account.folder);
  vi.stubEnv("XDG_CONFIG_HOME", account.folder);
});

afterAll(async () => {
  await account.close();
});

it("whoever has not logged in is told how to", async () => {
  await expect(account.scripts.CloudflareApi.open()).rejects.toThrow("`wrangler login`");
});

it("the token of `npx wrangler login` is used", async () => {
  account.cloudflare.account.token = "token-of-a-login";
  const login = [
    `oauth_token = "token-of-a-login"`,
    `refresh_token = "refresh"`,
    `expiration_time = "${new Date(Date.now() + HOUR_MS).toISOString()}"`,
    `scopes = ["account:read"]`,
  ];
  const folder = join(account.folder, ".wrangler/config");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "default.toml"), login.join("\n"));
  const api = await account.scripts.CloudflareApi.open();
  expect(await api.buckets()).toEqual([]);
});

it("a key that is no token is refused", async () => {
  vi.stubEnv("CLOUDFLARE_API_KEY", "key");
  vi.stubEnv("CLOUDFLARE_EMAIL", "somebody@example.com");
  await expect(account.scripts.CloudflareApi.open()).rejects.toThrow(
    "of the type api_key, and this needs a token: set CLOUDFLARE_API_TOKEN, or unset CLOUDFLARE_API_KEY",
  );
});
