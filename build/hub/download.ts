/**
 * Downloads a file from the hub, continues where an earlier attempt stopped, and verifies the hash. An incomplete or
 * wrong file never has the name of a finished one.
 */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout } from "node:timers/promises";
import { HubError } from "./hub-error.ts";
import { authorization, type Hub, type HubFile } from "./hub-file.ts";

/** It gives up after this many attempts in a row without new bytes. */
const FRUITLESS_TRIES = 5;
const FIRST_PAUSE_MS = 500;

/** @param received bytes so far, of all attempts */
export type OnBytes = (received: number) => void;

/**
 * @param target path of the finished file; `<target>.incomplete` has the bytes so far
 * @param firstPause milliseconds to wait after an attempt without new bytes; doubled after each further one
 * @throws HubError if the hub refuses, if it gives up, or if the hash is wrong
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
    throw new HubError(
      `GET ${file.url}: the file's hash is ${hash}, the hub says ${file.etag}; the file was deleted`,
    );
  }
  await rename(partial, target);
}

/** One attempt. @returns the error that ended it early; undefined if there was none */
async function receive(
  hub: Hub,
  { url, bytes }: HubFile,
  partial: string,
  have: number,
  onBytes: OnBytes,
): Promise<HubError | undefined> {
  try {
    // Each attempt asks the hub, because the URL that it redirects to is valid for an hour only. fetch does not send
    // the token there.
    const response = await fetch(url, {
      headers: { "accept-encoding": "identity", ...authorization(hub), range: `bytes=${have}-` },
    });
    const { status, body } = response;
    if (body === null || (status !== 200 && status !== 206)) {
      await body?.cancel();
      return new HubError(`GET ${url}: ${status}`, { status });
    }
    // A server without support for ranges sends the file from its beginning.
    let received = status === 206 ? have : 0;
    const counted = new Transform({
      transform(piece: Buffer, _encoding, done) {
        received += piece.byteLength;
        onBytes(received);
        done(
          received > bytes
            ? new HubError(`GET ${url}: sends more than the ${bytes} bytes that it announced`)
            : null,
          piece,
        );
      },
    });
    const flags = status === 206 ? "a" : "w";
    await pipeline(body as AsyncIterable<Uint8Array>, counted, createWriteStream(partial, { flags }));
    return undefined;
  } catch (cause) {
    if (cause instanceof HubError) throw cause;
    return new HubError(`GET ${url}: the connection was lost`, { cause });
  }
}

/** SHA-256, or git's SHA-1 of a blob, depending on the hub's hash. */
async function hashOf(path: string, { etag, bytes }: HubFile): Promise<string> {
  const hash = etag.length === 64 ? createHash("sha256") : createHash("sha1").update(`blob ${bytes}\0`);
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}
