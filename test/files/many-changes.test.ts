/**
 * Hundreds of changes of one account's files at once, while its object is killed again and again, R2 fails and,
 * halfway, the whole runtime is killed: what was acknowledged is so afterwards, whatever was lost. `CHANGES=2000` makes
 * more.
 */
import { readdir, readFile, rm, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, expect, it } from "vitest";
import { request } from "../support/send-request.ts";
import { startWorkers, type Workers } from "../support/workers.ts";
import { behindFaultyFiles, FAULTY_FILES, setFaults } from "./support/faulty-files.ts";
import { kill, KILLER, mortal, query } from "./support/mortal-state.ts";
import { uploadFile } from "./support/upload-file.ts";

const CHANGES = Number(process.env["CHANGES"] ?? 300);
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

/**
 * A change: an upload, or the deletion of a file that is there.
 * @returns "acknowledged"; "lost" if no answer came, because the runtime was killed; else the refusal's status and code
 */
async function change(url: string, number: number, { present, gone }: Known): Promise<string> {
  const [id] = present.keys();
  const isDeletion = number % 5 < 2 && id !== undefined;
  if (isDeletion) present.delete(id);
  // A third have bytes that another has.
  const text = `picture ${number % 3 === 0 ? number % 50 : number}`;
  const sent = isDeletion ? request("DELETE", `${url}/v1/files/${id}`) : uploadFile(url, { bytes: text });
  const answer = await sent.catch(() => undefined);
  if (answer === undefined) return "lost";
  if (answer.status !== 200) return `${answer.status} ${answer.body.error.code}`;
  if (isDeletion) gone.add(id);
  else present.set(answer.body.id, text);
  return "acknowledged";
}

/** How far the changes are. */
interface Progress {
  begun: number;
  /** By what became of a change. */
  ended: Map<string, number>;
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
      const end = await change(url, progress.begun++, known);
      progress.ended.set(end, (progress.ended.get(end) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** Kills the account's object at intervals. @returns what ends that */
function keepKilling(target: Workers): () => Promise<number> {
  const done = new AbortController();
  let kills = 0;
  const killing = (async () => {
    while (!done.signal.aborted) {
      await kill(target, "public").catch(() => {});
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

/** Rows that must agree with each other, whatever happened. */
async function expectTotals(target: Workers): Promise<void> {
  const sums = `SELECT (SELECT COALESCE(SUM(bytes), 0) FROM blobs) AS bytes, (SELECT COUNT(*) FROM files) AS files`;
  expect(await query(target, "public", "SELECT bytes, files FROM totals")).toEqual(
    await query(target, "public", sums),
  );
  const wrong = `SELECT blob FROM blobs WHERE live <>
    (SELECT COUNT(*) FROM files WHERE files.blob = blobs.blob AND removing IS NULL)`;
  expect(await query(target, "public", wrong)).toEqual([]);
}

it(
  `${CHANGES} changes: nothing that was acknowledged is lost, nothing deleted comes back`,
  { timeout: 200_000 + 300 * CHANGES },
  async () => {
    storage = await mkdtemp(join(tmpdir(), "edgeclip-files-"));
    const known: Known = { present: new Map(), gone: new Set() };
    workers = await start(storage);
    await setFaults(workers, { failing: FAILING });
    let stop = keepKilling(workers);
    const progress: Progress = { begun: 0, ended: new Map() };
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
    await setFaults(workers, { failing: FAILING });
    stop = keepKilling(workers);
    await changes(url, known, progress, { to: CHANGES });
    expect(await stop()).toBeGreaterThan(1);
    await setFaults(workers, {});
    await expectTotals(workers);
    // Faults strike some, not most.
    expect(progress.ended.get("acknowledged")).toBeGreaterThan(CHANGES / 4);
    expect(progress.ended.get("503 overloaded")).toBeGreaterThan(0);
    const ends = ["503 overloaded", "acknowledged", "lost"];
    expect([...progress.ended.keys()].filter((end) => !ends.includes(end))).toEqual([]);
    expect(known.gone.size).toBeGreaterThan(CHANGES / 20);

    // Of uploads whose answers were lost, there may be files of which the client knows nothing.
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
