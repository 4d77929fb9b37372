/** The state Worker, whose objects a test may kill: the class as deployed, with one method more. */
import type { V4WorkerOptions } from "miniflare";

/** Ends an object at once, with whatever it was about to do. `POST /` with the account's name. */
export const KILLER: V4WorkerOptions = {
  name: "killer",
  modules: [
    {
      type: "ESModule",
      path: "killer.js",
      contents: `
export default {
  async fetch(request, env) {
    await env.ACCOUNTS.getByName(await request.text()).kill().catch(() => {});
    return new Response(null, { status: 204 });
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
}
export default worker;`;
  return {
    ...options,
    modules: [{ type: "ESModule", path: "mortal.js", contents }, ...modules],
  } as V4WorkerOptions;
}
