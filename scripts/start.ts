/**
 * `npm start [-- --model <folder>]`: puts a built model, the demonstration model unless another is named, into local R2
 * if it is not there, starts its Workers in workerd and, once they answer, prints the URL and a request to paste.
 * `npm run dev` is the same with every request logged; both reload a Worker when its source changes.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { basename, join, resolve } from "node:path";
import { getPlatformProxy } from "wrangler";
import { putModel, readManifest } from "./models-in-r2.ts";
import { writeWorkerConfigs } from "./worker-configs.ts";

const ROOT = join(import.meta.dirname, "..");
const STATE = join(ROOT, ".wrangler/state");
const PORT = process.env["PORT"] ?? "8787";
const BASE_URL = `http://localhost:${PORT}`;

/** `--model <folder>`; everything else is wrangler's. */
const wranglerOptions = process.argv.slice(2);
const modelAt = wranglerOptions.indexOf("--model");
const [, folder] = modelAt === -1 ? [] : wranglerOptions.splice(modelAt, 2);
const MODEL = resolve(folder ?? join(ROOT, "model-shards/edgeclip-demo"));

async function seedLocalR2(): Promise<void> {
  const proxy = await getPlatformProxy<{ MODELS: Parameters<typeof putModel>[0] }>({
    configPath: join(ROOT, "functions/vision/wrangler.toml"),
    persist: { path: join(STATE, "v3") },
  });
  try {
    const written = await putModel(proxy.env.MODELS, MODEL);
    if (written > 0) console.log(`Put ${basename(MODEL)} into local R2 (${written} files).`);
  } finally {
    await proxy.dispose();
  }
}

/** Resolves when the gateway answers; the model is not loaded by this. */
async function untilHealthy(): Promise<void> {
  for (;;) {
    const healthy = await fetch(`${BASE_URL}/healthz`).then(
      (response) => response.ok,
      () => false,
    );
    if (healthy) return;
    await setTimeout(200);
  }
}

function greeting(): string {
  return `
edgeclip answers at ${BASE_URL} (no API key configured: open to everyone who can reach it)

Try it:

  curl ${BASE_URL}/v1/classify -F image=@examples/fox.png -F 'labels=["fox","rabbit","bus","grapes"]'
`;
}

await seedLocalR2();
const manifest = await readManifest(MODEL);
const configs = await writeWorkerConfigs(manifest, join(ROOT, ".generated/workers", manifest.alias), {
  access: "open",
});
const wrangler = spawn(
  join(ROOT, "node_modules/.bin/wrangler"),
  [
    "dev",
    ...configs.flatMap(({ path }) => ["-c", path]),
    "--port",
    PORT,
    "--persist-to",
    STATE,
    "--show-interactive-dev-session=false",
    ...wranglerOptions,
  ],
  {
    cwd: ROOT,
    stdio: ["ignore", "inherit", "inherit"],
    // Nothing here needs the network: not the colour of a data centre, not statistics.
    env: { ...process.env, CLOUDFLARE_CF_FETCH_ENABLED: "false", WRANGLER_SEND_METRICS: "false" },
  },
);
const ended = once(wrangler, "exit");
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => wrangler.kill(signal));
await Promise.race([untilHealthy().then(() => console.log(greeting())), ended]);
const [code] = (await ended) as [number | null];
process.exit(code ?? 1);
