/**
 * A deployment in which everything that can fail does: R2 (`faulty-files.ts`), the objects, which are killed before or
 * after a call, the queue, which refuses messages or takes them without saying so, delivers them twice and in any order
 * (`deliveries.ts`), the jobs Worker, which is killed at any point, and the towers, which refuse calls because they
 * have too much to do.
 */
import type { V4WorkerOptions } from "miniflare";
import { behindFaultyFiles, FAULTY_FILES } from "../../files/support/faulty-files.ts";
import { deliveries, withoutQueue } from "../../support/faulty/deliveries.ts";
import { startWorkers, type Workers } from "../../support/workers.ts";
import { wrapped } from "../../support/wrapped-worker.ts";

const JOBS = "edgeclip-jobs";
const TOWERS = ["edgeclip-vision", "edgeclip-text"];

export interface Faults {
  /** Share of the calls to R2, to objects and to the queue that fail. */
  failing: number;
  /** How often the jobs Worker is killed, from now on. */
  kills: number;
  /** How often each message is delivered. */
  copies: number;
  /** Share of the calls to towers that are refused as overload. */
  busy: number;
}

export interface HostileWorkers extends Workers {
  set(faults: Faults): Promise<void>;
  /** How often the jobs Worker was killed. */
  killed(): Promise<number>;
}

/** @param add further Workers, which meet failing objects too */
export async function startHostile(add: V4WorkerOptions[] = []): Promise<HostileWorkers> {
  const workers = await startWorkers({
    add: [FAULTY_FILES, deliveries(JOBS), ...add],
    change: (name, options) => {
      const faulty = behindFaultyFiles(options);
      if (name === JOBS) return withoutQueue(wrapped(faulty, MORTAL_JOBS));
      if (TOWERS.includes(name)) return wrapped(faulty, BUSY_TOWER);
      return name === "edgeclip-state" ? wrapped(faulty, MORTAL_STATE) : faulty;
    },
  });
  const tell = async (name: string, settings: object): Promise<unknown> => {
    const url = await workers.miniflare.unsafeGetDirectURL(name);
    return await (await fetch(url, { method: "POST", body: JSON.stringify(settings) })).json();
  };
  return {
    ...workers,
    set: async ({ failing, kills, copies, busy }) => {
      for (const tower of TOWERS) await tell(tower, { busy });
      await tell("faulty-files", { failing });
      await tell("edgeclip-state", { failing });
      await tell(JOBS, { failing, kills });
      await tell("deliveries", { copies, atOnce: 4 });
    },
    killed: async () => ((await tell(JOBS, {})) as { killed: number }).killed,
  };
}

const MORTAL_JOBS = `
import consumer from "MAIN";

let settings = { failing: 0, kills: 0 };
let killed = 0;

async function meet(work) {
  const fate = Math.random() / settings.failing;
  if (fate < 0.5) throw new Error("the queue was made to fail before");
  const result = await work();
  if (fate < 1) throw new Error("the queue was made to fail after");
  return result;
}

export default {
  ...consumer,
  async queue(batch, env, ctx) {
    const BATCH_QUEUE = { send: (...message) => meet(() => env.BATCH_QUEUE.send(...message)) };
    const isKilled = killed < settings.kills;
    if (isKilled) killed++;
    const work = consumer.queue(batch, { ...env, BATCH_QUEUE }, ctx);
    if (!isKilled) return await work;
    // From the beginning of the work to some time after its end, when its message would have been sent.
    await Promise.race([scheduler.wait(400 * Math.random()), work.then(() => scheduler.wait(20 * Math.random()))]);
    ctx.abort(new Error("the isolate is gone"));
    await scheduler.wait(10_000);
  },
  async fetch(request) {
    const given = await request.json();
    if (given.kills !== undefined) killed = 0;
    settings = { ...settings, ...given };
    return Response.json({ killed });
  },
};`;

const BUSY_TOWER = `
import Deployed from "MAIN";

let busy = 0;
const refused = { ok: false, error: { code: "overloaded", message: "made to be busy" } };

export default class Busy extends Deployed {
  async embedPixels(...parameters) {
    return Math.random() < busy ? refused : await super.embedPixels(...parameters);
  }
  async embedTokens(...parameters) {
    return Math.random() < busy ? refused : await super.embedTokens(...parameters);
  }
  async fetch(request) {
    ({ busy } = await request.json());
    return Response.json({});
  }
}`;

const MORTAL_STATE = `
import * as deployed from "MAIN";

let failing = 0;

/** The class, whose object dies at some of its calls. */
function mortal(Deployed) {
  class Mortal extends Deployed {
    query(statement) {
      return this.ctx.storage.sql.exec(statement).toArray();
    }
  }
  for (const name of Object.getOwnPropertyNames(Deployed.prototype)) {
    if (["constructor", "alarm"].includes(name)) continue;
    Mortal.prototype[name] = async function (...parameters) {
      const fate = Math.random() / failing;
      if (fate < 0.5) this.ctx.abort("killed before " + name);
      const result = await Deployed.prototype[name].apply(this, parameters);
      if (fate < 1) {
        // What it wrote is to be on the disk.
        await this.ctx.storage.sync();
        this.ctx.abort("killed after " + name);
      }
      return result;
    };
  }
  return Mortal;
}

export const AccountState = mortal(deployed.AccountState);
export const BatchState = mortal(deployed.BatchState);
export const VectorStoreState = mortal(deployed.VectorStoreState);

export default {
  async fetch(request) {
    ({ failing } = await request.json());
    return Response.json({});
  },
};`;
