/** `npm start` as people use it: ports, access, models by their names at the hub, and how it ends. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, get, type IncomingMessage, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CONFIG_NAME } from "../../build/checkpoint/file-names.ts";
import { PRESETS } from "../../build/hub/presets.ts";
import { SYNTHETIC_MODELS, type SyntheticModel } from "../../build/synthetic/configs.ts";
import { writeSynthetic } from "../../build/synthetic/write-synthetic.ts";
import { freePort } from "../../scripts/start/loopback.ts";
import { startFakeHub } from "../hub/fake-hub.ts";
import { exampleBase64 } from "../support/example-pictures.ts";
import { LocalService } from "../support/local-service.ts";
import { NpmStart } from "../support/npm-start.ts";
import { request } from "../support/send-request.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgeclip-start-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function listening(): Promise<Server> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

it("says at once that a port is taken, and leaves no process behind", { timeout: 60_000 }, async () => {
  const server = await listening();
  const { port } = server.address() as AddressInfo;
  const service = new NpmStart(join(folder, "taken"), ["--port", String(port)]);
  expect(await service.ended()).toBe(1);
  expect(service.output).toBe(
    `port ${port} is taken: something listens on it already, perhaps another "npm start". Name another with --port\n`,
  );
  expect(await service.left(2000)).toEqual([]);
  server.close();
});

it("says that a host is unknown, and what to take instead", { timeout: 60_000 }, async () => {
  const parameters = ["--port", String(await freePort()), "--host", "999.1.1.1"];
  const service = new NpmStart(join(folder, "host"), parameters);
  expect(await service.ended()).toBe(1);
  expect(service.output).toMatch(/^--host 999\.1\.1\.1 is no name or address that this machine knows: .*\n$/);
});

it("says that another one uses the same storage", { timeout: 60_000 }, async () => {
  const state = join(folder, "shared");
  await mkdir(state);
  await writeFile(join(state, "running.pid"), String(process.pid));
  const service = new NpmStart(state, ["--port", String(await freePort())]);
  expect(await service.ended()).toBe(1);
  expect(service.output).toBe(
    `another "npm start" (process ${process.pid}) uses ${state}: stop it, or set EDGECLIP_STATE to another folder for this one\n`,
  );
  expect(await service.left(2000)).toEqual([]);
});

/** The process to end, found by its command line, and the signal that ends it. */
const ENDINGS: [what: string, whose: string, command: RegExp, signal: NodeJS.Signals][] = [
  ["npm's SIGTERM", "npm", /^npm start/, "SIGTERM"],
  ["npm's SIGINT", "npm", /^npm start/, "SIGINT"],
  ["npm's SIGKILL", "npm", /^npm start/, "SIGKILL"],
  ["npm's SIGHUP", "npm", /^npm start/, "SIGHUP"],
  ["the script's SIGKILL", "script", /^node scripts\/start\/start\.ts/, "SIGKILL"],
];

// The test finds processes in Linux's /proc.
describe.runIf(process.platform === "linux").concurrent("all that it started ends", () => {
  it.each(ENDINGS)("with %s", { timeout: 240_000 }, async (_, whose, command, signal) => {
    const state = join(folder, `${whose}-${signal}`);
    const service = new NpmStart(state, ["--port", String(await freePort())]);
    await service.ready();
    const processes = await service.processes();
    expect([...processes.values()].filter((each) => each.includes("workerd"))).not.toEqual([]);
    const [pid] = [...processes].find(([, each]) => command.test(each)) ?? [];
    if (pid === undefined) throw new Error(`${whose} is not among ${[...processes.values()].join("\n")}`);
    process.kill(pid, signal);
    const left = await service.left(30_000);
    service.child.kill("SIGKILL");
    expect(left).toEqual([]);
  });
});

it("pulls and builds a preset that is not here yet, once, and serves it", { timeout: 240_000 }, async () => {
  const preset = "base_w-laion2b";
  const repository = PRESETS[preset]?.repository ?? "";
  const source = join(folder, "source");
  const checkpoint = await writeSynthetic(source, SYNTHETIC_MODELS["tiny"] as SyntheticModel, "bin");
  const hub = await startFakeHub(
    new Map([
      ["open_clip_pytorch_model.bin", await readFile(checkpoint)],
      [CONFIG_NAME, await readFile(join(source, CONFIG_NAME))],
    ]),
    repository,
  );
  const env = {
    HF_ENDPOINT: hub.endpoint,
    HF_HUB_CACHE: join(folder, "hub"),
    EDGECLIP_MODELS: join(folder, "models"),
    PORT: String(await freePort()),
  };
  try {
    for (const name of [preset, repository]) {
      hub.requests.length = 0;
      const service = new NpmStart(join(folder, "preset"), ["--model", name], env);
      const url = await service.ready();
      expect(url).toBe(`http://localhost:${env.PORT}`);
      const image = await exampleBase64("fox.png");
      const { body } = await request("POST", `${url}/v1/classify`, { image, labels: ["fox", "bus"] });
      expect(body.model).toBe(repository);
      const { body: listed } = await request("GET", `${url}/v1/models`);
      expect(listed.data).toMatchObject([{ id: repository, license: "mit" }]);
      await service.stop();
      const pulls = name === preset;
      expect(service.output.includes("is pulled and built"), service.output).toBe(pulls);
      expect(/open_clip_pytorch_model\.bin .* MB\/s/.test(service.output)).toBe(pulls);
      expect(hub.requests.length > 0).toBe(pulls);
    }
  } finally {
    hub.close();
  }
});

describe("a service with keys", () => {
  let service: LocalService;

  beforeAll(async () => {
    service = await LocalService.start(join(folder, "keys"), [], ["--access", "keys"]);
  });

  afterAll(async () => {
    await service.stop();
  });

  const ask = (key?: string): Promise<number> =>
    request(
      "GET",
      `${service.url}/v1/models`,
      undefined,
      key === undefined ? {} : { authorization: `Bearer ${key}` },
    ).then(({ status }) => status);

  it("says that it wants keys, and takes those that npm run keys makes", { timeout: 120_000 }, async () => {
    expect(service.greeting).toContain(
      "every request to /v1, /v2, /hf, /mcp needs an API key: npm run keys -- create",
    );
    expect(service.greeting).toContain("-H 'authorization: Bearer sk-…'");
    expect(service.greeting).not.toContain("open to");
    const made = await service.run("scripts/keys/keys.ts", "create", "--account", "me", "--expires", "12h");
    const [key = ""] = /sk-\S+/.exec(made) ?? [];
    expect(await ask(key)).toBe(200);
    expect(await ask()).toBe(401);
    expect(await service.run("scripts/keys/keys.ts", "list")).toMatch(
      /expires \d{4}-\d\d-\d\d \d\d:\d\d UTC/,
    );
  });

  it("still lets other models serve, and leaves no key of its own", { timeout: 120_000 }, async () => {
    expect(await service.run("scripts/models/use.ts", "edgeclip-demo")).toContain("serving edgeclip-demo@");
    expect(await service.run("scripts/keys/keys.ts", "list", "--all")).not.toContain("deployment");
  });

  it("listens on this machine alone", async () => {
    const { port } = new URL(service.url);
    const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
    for (const { address, internal, family } of addresses) {
      if (internal || family !== "IPv4") continue;
      await expect(fetch(`http://${address}:${port}/healthz`)).rejects.toThrow("fetch failed");
    }
    expect((await fetch(`http://localhost:${port}/healthz`)).status).toBe(200);
  });

  it.each([
    ["localhost", 200],
    ["127.0.0.1", 200],
    ["[::1]", 200],
    // A page whose name leads here since it was loaded.
    ["rebound.example", 403],
    ["localhost.example", 403],
  ])("a request for %s is answered %i", async (name, status) => {
    const { port } = new URL(service.url);
    const host = `${name}:${port}`;
    const asked = get(`${service.url}/healthz`, { headers: { host } });
    const [answer] = (await once(asked, "response")) as [IncomingMessage];
    answer.resume();
    expect(answer.statusCode).toBe(status);
  });

  it("the page may ask by any of this machine's names", async () => {
    const { port } = new URL(service.url);
    for (const origin of [`http://localhost:${port}`, `http://127.0.0.1:${port}`]) {
      const headers = { origin, "content-type": "application/json" };
      const body = JSON.stringify({ input: "a" });
      const { status } = await fetch(`${service.url}/v1/embeddings`, { method: "POST", headers, body });
      // Only the key is missing.
      expect([401, 503]).toContain(status);
    }
    const headers = { origin: "https://example.com", "content-type": "text/plain" };
    const { status } = await fetch(`${service.url}/v1/files`, { method: "POST", headers, body: "" });
    expect(status).toBe(403);
  });

  it.each([
    ["http://localhost:5173", true],
    ["http://127.0.0.1:3000", true],
    ["http://localhost", true],
    ["http://localhost.example:5173", false],
    ["https://example.com", false],
    ["null", false],
  ])("pages of %s may ask: %s", async (origin, may) => {
    const headers = { origin, "access-control-request-method": "POST" };
    const { status, headers: answer } = await fetch(`${service.url}/v1/classify`, {
      method: "OPTIONS",
      headers,
    });
    expect([status, answer.get("access-control-allow-origin")]).toEqual(may ? [204, origin] : [403, null]);
  });
});
