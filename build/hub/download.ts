/**
 * Downloads a file of the hub, goes on where an earlier try stopped, and believes nothing but the hash. What is incomplete
 * or wrong never has the name of a finished file.
 */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout } from "node:timers/promises";
import { HubError } from "./hub-error.ts";
import { authorization, type Hub, type HubFile } from "./hub-file.ts";

/** Tries in a row that bring nothing before it is given up. */
const FRUITLESS_TRIES = 5;
const FIRST_PAUSE_MS = 500;

/** @param received bytes so far, of all tries */
export type OnBytes = (received: number) => void;

/**
 * @param target where the file goes; `<target>.incomplete` holds what there is of it
 * @param firstPause milliseconds before the second of two fruitless tries, doubled before each further one
 * @throws HubError if the hub refuses, gives up, or sends other bytes than it said
 */
export async function download(
  hub: Hub,
  file: HubFile,
  target: string,
  onBytes: OnBytes = () => {},
  firstPause: number = FIRST_PAUSE_MS,
): Promise<void> {
  const partial = `${target}.incomplete`;
  let fruitless = 0;
  for (let have = await sizeOf(partial); have < file.bytes;) {
    const failure = await receive(hub, file, partial, have, onBytes);
    const now = await sizeOf(partial);
    fruitless = now > have ? 0 : fruitless + 1;
    if (failure !== undefined && fruitless === FRUITLESS_TRIES) throw failure;
    if (fruitless > 0) await setTimeout(firstPause * 2 ** (fruitless - 1));
    have = now;
  }
  const hash = await hashOf(partial, file);
  if (hash !== file.etag) {
    await rm(partial);
    throw new HubError(`GET ${file.url}: hashes to ${hash}, the hub says ${file.etag}; it was thrown away`);
  }
  await rename(partial, target);
}

/** One try. @returns what ended it early */
async function receive(
  hub: Hub,
  { url, bytes }: HubFile,
  partial: string,
  have: number,
  onBytes: OnBytes,
): Promise<HubError | undefined> {
  try {
    // The hub is asked each time: the place that it redirects to is signed for an hour. fetch keeps the token from it.
    const response = await fetch(url, {
      headers: { "accept-encoding": "identity", ...authorization(hub), range: `bytes=${have}-` },
    });
    const { status, body } = response;
    if (body === null || (status !== 200 && status !== 206)) {
      await body?.cancel();
      return new HubError(`GET ${url}: ${status}`, { status });
    }
    // One that knows no ranges starts over.
    let received = status === 206 ? have : 0;
    const counted = new Transform({
      transform(piece: Buffer, _encoding, done) {
        received += piece.byteLength;
        onBytes(received);
        done(
          received > bytes ? new HubError(`GET ${url}: more than the ${bytes} bytes it said`) : null,
          piece,
        );
      },
    });
    const flags = status === 206 ? "a" : "w";
    await pipeline(body as AsyncIterable<Uint8Array>, counted, createWriteStream(partial, { flags }));
    return undefined;
  } catch (cause) {
    if (cause instanceof HubError) throw cause;
    return new HubError(`GET ${url}: the connection broke`, { cause });
  }
}

/** SHA-256, or git's SHA-1 of a blob, whichever the hub gave. */
async function hashOf(path: string, { etag, bytes }: HubFile): Promise<string> {
  const hash = etag.length === 64 ? createHash("sha256") : createHash("sha1").update(`blob ${bytes}\0`);
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}
