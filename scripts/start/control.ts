/** How `model:use` reaches a running `npm start`: a server on loopback whose port is in a file beside its storage. */
import { once } from "node:events";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname } from "node:path";
import { text } from "node:stream/consumers";
import { controlFile } from "../paths.ts";

/** Names of the models to serve from now on, and whom to tell what happens. */
export type Use = (models: string[], say: (line: string) => void) => Promise<void>;

/** Lines that say what happens, then one of these. */
const DONE = "done";
const FAILED = "failed: ";

/** @param serving references of the models that serve */
export async function takeOrders(use: Use, serving: () => string[]): Promise<void> {
  const server = createServer((request, response) => {
    void (async () => {
      try {
        if (request.method === "GET") {
          response.end(JSON.stringify(serving()));
          return;
        }
        const models = JSON.parse(await text(request)) as string[];
        await use(models, (line) => response.write(`${line}\n`));
        response.end(`${DONE}\n`);
      } catch (error) {
        response.end(`${FAILED}${error instanceof Error ? error.message : String(error)}\n`);
      }
    })();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  await mkdir(dirname(controlFile()), { recursive: true });
  await writeFile(controlFile(), JSON.stringify({ port: (server.address() as AddressInfo).port }));
}

export async function stopTakingOrders(): Promise<void> {
  await rm(controlFile(), { force: true });
}

/** What a running `npm start` serves: `<alias>@<revision>`, the default first; nothing if none is running. */
export async function localReferences(): Promise<string[]> {
  const response = await ask("GET");
  return response === undefined ? [] : ((await response.json()) as string[]);
}

/** @throws Error if no `npm start` is running, or what it says went wrong */
export async function orderUse(models: readonly string[], say: (line: string) => void): Promise<void> {
  const response = await ask("POST", JSON.stringify(models));
  if (response?.body == null) throw new Error('nothing is running here: "npm start" first, or say --remote');
  let last = "";
  for await (const line of lines(response.body)) {
    if (last !== "") say(last);
    last = line;
  }
  if (last !== DONE) throw new Error(last.replace(FAILED, ""));
}

/** @returns undefined if nobody takes orders */
async function ask(method: string, body: string | null = null): Promise<Response | undefined> {
  const file = await readFile(controlFile(), "utf8").catch(() => undefined);
  if (file === undefined) return undefined;
  const { port } = JSON.parse(file) as { port: number };
  return await fetch(`http://127.0.0.1:${port}/`, { method, body }).catch(() => undefined);
}

async function* lines(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const piece of body.pipeThrough(new TextDecoderStream())) {
    const [...complete] = (rest + piece).split("\n");
    rest = complete.pop() ?? "";
    yield* complete;
  }
}
