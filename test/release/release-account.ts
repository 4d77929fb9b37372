/**
 * Runs this project's scripts against the stand-in for Cloudflare. wrangler is the real one: it bundles, uploads and
 * switches versions. The stand-in does not support R2 through wrangler's remote bindings, so models are written
 * directly to its bucket.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import { keyPath, newKey } from "../../functions/gateway/keys/api-key.ts";
import { newRecord } from "../../scripts/keys/new-record.ts";
import { exampleBase64 } from "../support/example-pictures.ts";
import { request } from "../support/send-request.ts";
import { ACCOUNT, DOMAIN } from "./cloudflare-account.ts";
import { type FakeCloudflare, startFakeCloudflare } from "./fake-cloudflare.ts";

// Imported late, because the scripts read the environment when they are imported.
async function importScripts() {
  return {
    ...(await import("../../scripts/cloudflare/api.ts")),
    ...(await import("../../scripts/deploy/deploy-models.ts")),
    ...(await import("../../scripts/models/collect-garbage.ts")),
  };
}

const KEYS_NAMESPACE = "edgeclip-keys";

export class ReleaseAccount {
  /** A folder that is removed after the test. */
  readonly folder: string;
  readonly cloudflare: FakeCloudflare;
  readonly scripts: Awaited<ReturnType<typeof importScripts>>;
  #key: string | undefined;

  private constructor(
    folder: string,
    cloudflare: FakeCloudflare,
    scripts: Awaited<ReturnType<typeof importScripts>>,
  ) {
    this.folder = folder;
    this.cloudflare = cloudflare;
    this.scripts = scripts;
  }

  static async open(): Promise<ReleaseAccount> {
    const folder = await mkdtemp(join(tmpdir(), "edgeclip-deploy-"));
    const cloudflare = await startFakeCloudflare();
    vi.stubEnv("CLOUDFLARE_API_BASE_URL", cloudflare.url);
    vi.stubEnv("CLOUDFLARE_API_TOKEN", "token");
    vi.stubEnv("CLOUDFLARE_ACCOUNT_ID", ACCOUNT);
    vi.stubEnv("EDGECLIP_SECRETS", join(folder, "secrets.json"));
    vi.stubEnv("EDGECLIP_STATE", join(folder, "state"));
    vi.stubEnv("WRANGLER_LOG", join(folder, "wrangler.log"));
    vi.stubEnv("NODE_OPTIONS", `--require=${join(import.meta.dirname, "wrangler-hook.cjs")}`);
    return new ReleaseAccount(folder, cloudflare, await importScripts());
  }

  async close(): Promise<void> {
    vi.unstubAllEnvs();
    await this.cloudflare.close();
    await rm(this.folder, { recursive: true });
  }

  /** `npm run deploy`. @param models folders or names. @param patience see `deploy` */
  async deploy(models: readonly string[] = [], patience = 60): Promise<string> {
    return await this.scripts.deploy(
      models,
      async (use) => await use(await this.cloudflare.running.bucket("edgeclip-models")),
      patience,
    );
  }

  /** Commands that wrangler ran since the last call. */
  async wranglerCommands(): Promise<string[]> {
    const log = await readFile(join(this.folder, "wrangler.log"), "utf8").catch(() => "");
    await writeFile(join(this.folder, "wrangler.log"), "");
    return log.split("\n").filter((line) => line !== "");
  }

  /** Names of the Workers behind the gateway. */
  behindGateway(): string[] {
    const names = Object.keys(this.cloudflare.account.state.workers);
    return names.filter((name) => /^edgeclip-(?:decoder|search|shards|vision|text)/.test(name)).toSorted();
  }

  /** The gateway's version that has all traffic. */
  serving(): string {
    const [traffic] = this.cloudflare.account.state.workers["edgeclip"]?.deployments ?? [];
    return traffic?.map(({ version_id }) => version_id).join() ?? "";
  }

  /** URL of a version of the gateway; without a version, of the gateway itself. */
  url(version?: string): string {
    const { port } = new URL(`https://${this.cloudflare.account.host("edgeclip")}`);
    return `https://${version === undefined ? "" : `${version.slice(0, 8)}-`}edgeclip.${DOMAIN}:${port}`;
  }

  /** The answer to a classification of the fox, without its times. */
  async classify(url = this.url()): Promise<unknown> {
    this.#key ??= await this.newKey();
    const images = [await exampleBase64("fox.png")];
    const body = { images, labels: ["fox", "rabbit", "bus", "grapes"] };
    const answer = await request("POST", `${url}/v1/classify`, body, {
      authorization: `Bearer ${this.#key}`,
    });
    const { data, revision, error } = answer.body;
    return { status: answer.status, data, revision, error };
  }

  /** Paths of the API keys that are stored. */
  async storedKeys(): Promise<string[]> {
    const { keys } = await (await this.#keys()).list();
    return keys.map(({ name }) => name);
  }

  async newKey(operator = false): Promise<string> {
    const key = newKey();
    const { KEY_PEPPER } = JSON.parse(await readFile(join(this.folder, "secrets.json"), "utf8"));
    const path = await keyPath(key, KEY_PEPPER);
    const about = { account: "client", name: "", tier: "high" as const, lifetime: null, operator };
    await (await this.#keys()).put(path, JSON.stringify(newRecord(path, about)));
    return key;
  }

  async #keys() {
    const { namespaces } = this.cloudflare.account.state;
    return await this.cloudflare.running.namespace(namespaces[KEYS_NAMESPACE] ?? "");
  }
}
