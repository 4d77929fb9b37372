/**
 * The state Worker, whose objects count what they are asked of names, and answer late or not at all if a test says so.
 */
import type { V4WorkerOptions } from "miniflare";

/** How questions for names are answered. `keeps`: names of sets that are deleted cannot be. */
export type StateMood = "well" | "held" | "down" | "keeps";

/**
 * The Worker's address then answers `POST /` with a mood by the questions so far. What was held is answered once the
 * mood is another.
 * @param options of the state Worker
 */
export function watched(options: V4WorkerOptions): V4WorkerOptions {
  const modules = (options as unknown as { modules: { type: string; path: string }[] }).modules;
  const [entry] = modules;
  const contents = `
import { AccountState as Deployed } from "./${entry?.path}";
let mood = "well";
let asked = 0;
export class AccountState extends Deployed {
  async setNamed(name) {
    asked++;
    if (mood === "down") throw new Error("the state is down");
    while (mood === "held") await scheduler.wait(20);
    return await super.setNamed(name);
  }
  async namesOfSets(ids) {
    if (mood === "down") throw new Error("the state is down");
    return await super.namesOfSets(ids);
  }
  async setRemoved(id) {
    if (mood === "keeps") throw new Error("the state deletes nothing");
    return await super.setRemoved(id);
  }
}
export default {
  async fetch(request) {
    mood = await request.text();
    return Response.json(asked);
  },
};`;
  return {
    ...options,
    modules: [{ type: "ESModule", path: "watched.js", contents }, ...modules],
  } as V4WorkerOptions;
}
