/**
 * How other commands reach a running `npm start`: it listens on loopback, at a port that a file beside its storage
 * names.
 */
import { once } from "node:events";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname } from "node:path";
import { text } from "node:stream/consumers";
import { messageOf } from "../../build/command-line/message-of.ts";
import { controlFile } from "../paths.ts";

/** Changes the models that are served. @param models their names @param log called with each line of progress */
export type Use = (models: string[], log: (line: string) => void) => Promise<void>;

/** The answer to `model:use` is lines of progress, and one of these as the last line. */
const DONE = "done";
const FAILED = "failed: ";

/** Starts to listen. @param serving returns references of the models that are served */
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
        response.end(`${FAILED}${messageOf(error)}\n`);
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

/** The models that a running `npm start` serves: `<alias>@<revision>`, the default first. Empty if none is running. */
export async function localReferences(): Promise<string[]> {
  const response = await ask("GET");
  return response === undefined ? [] : ((await response.json()) as string[]);
}

/**
 * Asks a running `npm start` to serve other models.
 * @throws Error if none is running, or with the error that it reports
 */
export async function orderUse(models: readonly string[], log: (line: string) => void): Promise<void> {
  const response = await ask("POST", JSON.stringify(models));
  if (response?.body == null)
    throw new Error(
      'no "npm start" is running on this machine: start it, or add --remote for the deployment',
    );
  let last = "";
  for await (const line of lines(response.body)) {
    if (last !== "") log(last);
    last = line;
  }
  if (last !== DONE) throw new Error(last.replace(FAILED, ""));
}

/** @returns undefined if no `npm start` listens */
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
