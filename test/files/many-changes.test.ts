/**
 * 2,000 changes of one account's files at once, while its object is killed again and again, R2 fails and, halfway, the
 * whole runtime is killed: what was acknowledged is so afterwards, whatever was lost.
 */
import { readdir, readFile, rm, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, expect, it } from "vitest";
import { request } from "../support/send-request.ts";
import { startWorkers, type Workers } from "../support/workers.ts";
import { behindFaultyFiles, FAULTY_FILES } from "./support/faulty-files.ts";
import { KILLER, mortal } from "./support/mortal-state.ts";
import { uploadFile } from "./support/upload-file.ts";

const CHANGES = 2_000;
const AT_ONCE = 60;
/** Milliseconds between two deaths of the object. */
const KILL_EVERY = 400;
/** Share of R2's operations that fail. */
const FAILING = 0.05;

/** What the client knows of its files. */
interface Known {
  /** Text by id, of files that were acknowledged and whose deletion was not asked for. */
  present: Map<string, string>;
  /** Ids whose deletion was acknowledged. */
  gone: Set<string>;
}

let storage: string | undefined;
let workers: Workers | undefined;

afterAll(async () => {
  await workers?.dispose().catch(() => {});
  if (storage !== undefined) await rm(storage, { recursive: true, force: true });
});

async function start(folder: string): Promise<Workers> {
  return await startWorkers({
    storage: folder,
    add: [FAULTY_FILES, KILLER],
    change: (name, options) => {
      const faulty = behindFaultyFiles(options);
      return name === "edgeclip-state" ? mortal(faulty) : faulty;
    },
  });
}

/** A change: an upload, or the deletion of a file that is there. @returns whether it was acknowledged */
async function change(url: string, number: number, { present, gone }: Known): Promise<boolean> {
  const [id] = present.keys();
  if (number % 5 < 2 && id !== undefined) {
    present.delete(id);
    const answer = await request("DELETE", `${url}/v1/files/${id}`).catch(() => undefined);
    if (answer?.status === 200) gone.add(id);
    return answer?.status === 200;
  }
  // A third have bytes that another has.
  const text = `picture ${number % 3 === 0 ? number % 50 : number}`;
  const answer = await uploadFile(url, { bytes: text }).catch(() => undefined);
  if (answer?.status === 200) present.set(answer.body.id, text);
  else if (answer !== undefined) expect([answer.status, answer.body.error.code]).toEqual([503, "overloaded"]);
  return answer?.status === 200;
}

/** How far the changes are. */
interface Progress {
  begun: number;
  acknowledged: number;
}

/** Goes on until so many were begun, or it is told to stop. */
async function changes(
  url: string,
  known: Known,
  progress: Progress,
  { to, signal }: { to: number; signal?: AbortSignal },
): Promise<void> {
  const worker = async (): Promise<void> => {
    for (; progress.begun < to;) {
      if (signal?.aborted === true) return;
      if (await change(url, progress.begun++, known)) progress.acknowledged++;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** Kills the account's object at intervals. @returns what ends that */
async function keepKilling({ miniflare }: Workers): Promise<() => Promise<number>> {
  const killer = await miniflare.unsafeGetDirectURL("killer");
  const done = new AbortController();
  let kills = 0;
  const killing = (async () => {
    while (!done.signal.aborted) {
      await fetch(killer, { method: "POST", body: "public" }).catch(() => {});
      kills++;
      await setTimeout(KILL_EVERY);
    }
  })();
  return async () => {
    done.abort();
    await killing;
    return kills;
  };
}

/** Ends the workerd processes that this process started, as a machine that fails would. */
async function killRuntime(): Promise<number> {
  let killed = 0;
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
    const isOurs = status.includes(`\nPPid:\t${process.pid}\n`) && /^Name:\tworkerd/m.test(status);
    if (!isOurs) continue;
    process.kill(Number(pid), "SIGKILL");
    killed++;
  }
  return killed;
}

async function setFailing({ miniflare }: Workers, failing: number): Promise<void> {
  const url = await miniflare.unsafeGetDirectURL("faulty-files");
  await fetch(url, { method: "POST", body: JSON.stringify({ failing }) });
}

it(
  "2,000 changes: nothing that was acknowledged is lost, nothing deleted comes back",
  { timeout: 300_000 },
  async () => {
    storage = await mkdtemp(join(tmpdir(), "edgeclip-files-"));
    const known: Known = { present: new Map(), gone: new Set() };
    workers = await start(storage);
    await setFailing(workers, FAILING);
    let stop = await keepKilling(workers);
    const progress: Progress = { begun: 0, acknowledged: 0 };
    const killed = new AbortController();
    const half = changes(workers.url, known, progress, { to: CHANGES, signal: killed.signal });
    while (progress.begun < CHANGES / 2) await setTimeout(20);
    killed.abort();
    expect(await killRuntime()).toBeGreaterThan(0);
    await stop();
    // Those under way fail.
    await half;
    await Promise.race([workers.dispose().catch(() => {}), setTimeout(3_000)]);

    workers = await start(storage);
    const { url } = workers;
    await setFailing(workers, FAILING);
    stop = await keepKilling(workers);
    await changes(url, known, progress, { to: CHANGES });
    expect(await stop()).toBeGreaterThan(5);
    await setFailing(workers, 0);
    // Faults strike some, not most.
    expect(progress.acknowledged).toBeGreaterThan(CHANGES / 4);
    expect(known.gone.size).toBeGreaterThan(CHANGES / 20);

    const listed = new Set<string>();
    for (let after: string | undefined, more = true; more;) {
      const page = await request(
        "GET",
        `${url}/v1/files?limit=500${after === undefined ? "" : `&after=${after}`}`,
      );
      for (const { id } of page.body.data) listed.add(id);
      after = page.body.last_id;
      more = page.body.has_more;
    }
    expect([...known.present.keys()].filter((id) => !listed.has(id))).toEqual([]);
    expect([...known.gone].filter((id) => listed.has(id))).toEqual([]);
    const read = async (id: string): Promise<string | number> => {
      const response = await fetch(`${url}/v1/files/${id}/content`);
      const text = await response.text();
      return response.status === 200 ? text : response.status;
    };
    const ids = [...known.present.keys(), ...known.gone];
    const wrong: unknown[] = [];
    const reader = async (): Promise<void> => {
      for (let id = ids.pop(); id !== undefined; id = ids.pop()) {
        const found = await read(id);
        if (found !== (known.present.get(id) ?? 404)) wrong.push([id, found]);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, reader));
    expect(wrong).toEqual([]);
  },
);
