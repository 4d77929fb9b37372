/**
 * `npm start`: puts built models into local R2, starts their Workers in workerd and, once they answer, prints the URL
 * and a request to paste. Without `--model` it serves the demonstration model. `npm run model:use` changes the models
 * while it runs. `npm run dev` is the same with every request logged; both reload a Worker when its source changes.
 */
import { basename } from "node:path";
import { runCommand } from "../../build/command-line/command.ts";
import { UsageError } from "../../build/command-line/usage-error.ts";
import { oneOf, wholeNumber } from "../../build/command-line/values.ts";
import { terminalProgress } from "../../build/report/progress.ts";
import type { Manifest } from "../../model-shards/manifest.ts";
import { modelReference } from "../../model-shards/model-reference.ts";
import { builtModel } from "./built-model.ts";
import { stopTakingOrders, takeOrders } from "./control.ts";
import { ACCESS_MODES, LocalDeployment, type LocalOptions, LOG_LEVELS } from "./local-deployment.ts";
import { Front } from "./front.ts";
import { holdStorage } from "./hold-storage.ts";
import { greeting, urlOf } from "./greeting.ts";
import { withLocalKey } from "./local-key.ts";
import { whenNpmEnds } from "./parent-end.ts";
import { DEMO_MODEL } from "../paths.ts";
import { findModel, putModel, storedModels } from "../models/models-in-r2.ts";
import { readManifest } from "../models/read-manifest.ts";
import { modelBucket } from "../models/model-bucket.ts";
import { release, type Target } from "../release/release.ts";

const DEFAULT_PORT = "8787";

/** Signals within this many milliseconds count as one: Ctrl+C arrives from the terminal, and once more through npm. */
const SAME_SIGNAL_MS = 2000;

/** When shutting down began; undefined while it serves. */
let endingSince: number | undefined;
let serving: LocalDeployment | undefined;

/** The models' folders; missing models are built first. */
async function builtModels(names: readonly string[]): Promise<string[]> {
  const progress = terminalProgress(process.stderr);
  const folders: string[] = [];
  for (const name of names) folders.push(await builtModel(name, progress, console.log));
  return folders.length === 0 ? [DEMO_MODEL] : folders;
}

async function seedLocalR2(folders: readonly string[]): Promise<void> {
  await modelBucket(false)(async (bucket) => {
    for (const folder of folders) {
      const { files } = await putModel(bucket, folder);
      if (files > 0) console.log(`Put ${basename(folder)} into local R2 (${files} files).`);
    }
  });
}

/** Deployments change behind the front, which clients reach at `url`; see `release/release.ts`. */
function localTarget(front: Front, url: string, options: LocalOptions, key: string | undefined): Target {
  return {
    key,
    stage: async (manifests, log) => {
      log("starting Workers beside those that serve");
      const next = await LocalDeployment.start(manifests, options);
      const before = serving;
      return {
        url: next.url,
        promote: async () => {
          serving = next;
          endWith(next);
          await front.turnTo(next.url);
          return url;
        },
        settle: async () => {
          await before?.stop();
        },
        revert: async () => {
          const isPromoted = serving === next;
          serving = before;
          if (isPromoted && before !== undefined) await front.turnTo(before.url);
          await next.stop();
        },
      };
    },
  };
}

/** If the serving deployment ends by itself, this process ends with its exit code. A replaced deployment may end. */
function endWith(deployment: LocalDeployment): void {
  void deployment.ended.then((code) => {
    if (deployment === serving && endingSince === undefined) process.exit(code);
  });
}

/** Stops everything that runs, then ends this process. A second signal ends it at once. */
async function end(): Promise<void> {
  if (endingSince !== undefined) {
    if (performance.now() - endingSince > SAME_SIGNAL_MS) process.exit(1);
    return;
  }
  endingSince = performance.now();
  await stopTakingOrders();
  await serving?.stop();
  process.exit(0);
}

async function start(
  names: readonly string[],
  host: string,
  port: number,
  options: LocalOptions,
): Promise<void> {
  // First, so that nothing else starts if the port is taken.
  const front = await Front.listen(port, host);
  await holdStorage();
  const folders = await builtModels(names);
  await seedLocalR2(folders);
  const manifests = await Promise.all(folders.map((folder) => readManifest(folder)));
  const first = await LocalDeployment.start(manifests, options);
  serving = first;
  endWith(first);
  await front.turnTo(first.url);
  await takeOrders(
    async (models, log) => {
      const stored = await modelBucket(false)(storedModels);
      const wanted: Manifest[] = models.map((name) => findModel(stored, name));
      const use = async (key?: string): Promise<void> => {
        await release(localTarget(front, urlOf({ host, port }), options, key), wanted, log);
      };
      await (options.access === "open" ? use() : withLocalKey(use));
    },
    () => (serving?.manifests ?? []).map((manifest) => modelReference(manifest)),
  );
  console.log(greeting({ host, port, access: options.access }));
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void end());
whenNpmEnds(() => void end());
await runCommand(
  {
    usage: "npm start -- [options]",
    about: `Serves models on this machine: the demonstration model unless --model names others. Only this machine can reach it
unless --host says otherwise. A preset or repository that is missing is pulled from the hub and built.`,
    options: {
      model: {
        type: "string",
        value: "<name>",
        multiple: true,
        default: [],
        about: "folder of a built model, preset or repository; may be repeated, the first is the default",
      },
      port: { type: "string", value: "<n>", about: `port to listen on (default: PORT, or ${DEFAULT_PORT})` },
      host: {
        type: "string",
        value: "<name>",
        default: "localhost",
        about: "name or address to listen on",
      },
      access: {
        type: "string",
        value: "<who>",
        default: "open",
        about: "who may send requests: open, public or keys; see docs/access.md",
      },
      "log-level": { type: "string", value: "<level>", default: "log", about: LOG_LEVELS.join(", ") },
    },
  },
  async ({ model, host, port = process.env["PORT"], access, "log-level": logLevel }) => {
    if (model.includes("")) throw new UsageError("--model is empty");
    await start(model, host, wholeNumber("the port", port ?? DEFAULT_PORT, { most: 65_535 }), {
      access: oneOf("--access", access, ACCESS_MODES),
      logLevel: oneOf("--log-level", logLevel, LOG_LEVELS),
    });
  },
);
// After a failure, neither the port nor a process may remain.
if (process.exitCode !== undefined) process.exit();
