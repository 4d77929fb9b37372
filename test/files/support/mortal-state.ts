/** The state Worker, whose objects a test may kill or age: the class as deployed, with two methods more. */
import type { V4WorkerOptions } from "miniflare";
import type { Workers } from "../../support/workers.ts";

/** Calls a method of an account's object. */
export const KILLER: V4WorkerOptions = {
  name: "killer",
  modules: [
    {
      type: "ESModule",
      path: "killer.js",
      contents: `
export default {
  async fetch(request, env) {
    const { account, statement } = await request.json();
    const object = env.ACCOUNTS.getByName(account);
    if (statement !== undefined) return Response.json(await object.query(statement));
    await object.kill().catch(() => {});
    return Response.json(null);
  },
};`,
    },
  ],
  compatibilityDate: "2026-10-20",
  durableObjects: { ACCOUNTS: { className: "AccountState", scriptName: "edgeclip-state", useSQLite: true } },
  unsafeDirectSockets: [{}],
} as V4WorkerOptions;

/** @param options of the state Worker */
export function mortal(options: V4WorkerOptions): V4WorkerOptions {
  const modules = (options as unknown as { modules: { type: string; path: string }[] }).modules;
  const [entry] = modules;
  const contents = `
import worker, { AccountState as Deployed } from "./${entry?.path}";
export class AccountState extends Deployed {
  kill() {
    this.ctx.abort("killed by a test");
  }
  query(statement) {
    return this.ctx.storage.sql.exec(statement).toArray();
  }
}
export default worker;`;
  return {
    ...options,
    modules: [{ type: "ESModule", path: "mortal.js", contents }, ...modules],
  } as V4WorkerOptions;
}

/** Ends the object at once, with whatever it was about to do. */
export async function kill(workers: Workers, account: string): Promise<void> {
  await tell(workers, { account });
}

/** @returns the rows that a statement gives */
export async function query(workers: Workers, account: string, statement: string): Promise<unknown[]> {
  return (await tell(workers, { account, statement })) as unknown[];
}

async function tell({ miniflare }: Workers, told: object): Promise<unknown> {
  const url = await miniflare.unsafeGetDirectURL("killer");
  return await (await fetch(url, { method: "POST", body: JSON.stringify(told) })).json();
}
