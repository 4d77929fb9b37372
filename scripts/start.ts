/**
 * `npm start [-- --model <folder> …]`: puts built models, the demonstration model unless others are named, into local R2
 * if they are not there, starts their Workers in workerd and, once they answer, prints the URL and a request to paste.
 * `npm run model:use` has it serve others. `npm run dev` is the same with every request logged; both reload a Worker when
 * its source changes.
 */
import { basename, join } from "node:path";
import { putModel, readManifest, findModel, storedModels } from "./models-in-r2.ts";
import { modelBucket } from "./models/model-bucket.ts";
import { stopTakingOrders, takeOrders } from "./local/control.ts";
import { terminalProgress } from "../build/report/progress.ts";
import { builtModel } from "./local/built-model.ts";
import { LocalDeployment } from "./local/deployment.ts";
import { Front } from "./local/front.ts";
import { ROOT } from "./local/state.ts";
import { release, type Target } from "./release/release.ts";
import { modelReference } from "../model-shards/model-reference.ts";

const PORT = Number(process.env["PORT"] ?? 8787);

/** `--model <folder>`, as often as wanted; everything else is wrangler's. */
const wranglerOptions = process.argv.slice(2);
const folders: string[] = [];
for (let at; (at = wranglerOptions.indexOf("--model")) !== -1;) {
  const [, name] = wranglerOptions.splice(at, 2);
  if (name !== undefined) folders.push(await builtModel(name, terminalProgress(process.stderr), console.log));
}
if (folders.length === 0) folders.push(join(ROOT, "model-shards/edgeclip-demo"));

async function seedLocalR2(): Promise<void> {
  await modelBucket(false)(async (bucket) => {
    for (const folder of folders) {
      const { files } = await putModel(bucket, folder);
      if (files > 0) console.log(`Put ${basename(folder)} into local R2 (${files} files).`);
    }
  });
}

function greeting(): string {
  const url = `http://localhost:${PORT}`;
  return `
edgeclip answers at ${url} (no API key configured: open to everyone who can reach it)

Try it in a browser, or:

  curl ${url}/v1/classify -F image=@examples/fox.png -F 'labels=["fox","rabbit","bus","grapes"]'
`;
}

/** Models come and go behind the front; see `release/release.ts`. */
const target: Target = {
  key: undefined,
  stage: async (manifests, say) => {
    say("starting Workers beside those that serve");
    const next = await LocalDeployment.start(manifests, wranglerOptions);
    return {
      url: next.url,
      promote: async () => {
        const before = serving;
        serving = next;
        endWith(next);
        await front.turnTo(next.url);
        await before.stop();
      },
      discard: () => next.stop(),
    };
  },
};

async function use(models: string[], say: (line: string) => void): Promise<void> {
  const stored = await modelBucket(false)(storedModels);
  await release(
    target,
    models.map((name) => findModel(stored, name)),
    say,
  );
}

/** What serves ends unasked: so does this, with its code. What was replaced may end. */
function endWith(deployment: LocalDeployment): void {
  void deployment.ended.then((code) => {
    if (deployment === serving && !isEnding) process.exit(code);
  });
}

async function end(): Promise<void> {
  isEnding = true;
  await stopTakingOrders();
  await serving.stop();
  process.exit(0);
}

await seedLocalR2();
const manifests = await Promise.all(folders.map((folder) => readManifest(folder)));
let isEnding = false;
let serving = await LocalDeployment.start(manifests, wranglerOptions);
endWith(serving);
const front = await Front.listen(PORT, serving.url);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void end());
await takeOrders(use, () => serving.manifests.map((manifest) => modelReference(manifest)));
console.log(greeting());
