/** A web server on loopback that serves one picture, well or badly. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { noiseBmp } from "./write-bmp.ts";

export interface PictureServer {
  /** `127.0.0.1:<port>`. */
  host: string;
  /** Paths that were asked for, in order. */
  requests: string[];
  /** Paths whose answers the client did not want to the end. */
  cutShort: string[];
  close(): Promise<void>;
}

type Handler = (request: IncomingMessage, response: ServerResponse, query: URLSearchParams) => Promise<void>;

const MEGABYTE = Buffer.alloc(1e6);
/** 3 MB. */
const LARGE_PICTURE = noiseBmp(1000, 1000, 1);
/** What a server sends in some milliseconds, at 5 MB a second. */
const GRADUAL = { bytes: 100_000, ms: 20 };

export async function startPictureServer(picture: Uint8Array): Promise<PictureServer> {
  const requests: string[] = [];
  const cutShort: string[] = [];
  const handlers: Record<string, Handler> = {
    "/picture": async (_, response) => {
      response.end(picture);
    },
    "/page": async (_, response) => {
      response.setHeader("content-type", "image/png").end("<!doctype html><title>Not a picture</title>");
    },
    "/empty": async (_, response) => {
      response.end();
    },
    "/missing": async (_, response) => {
      response.writeHead(404).end(picture);
    },
    // An error whose page has no end.
    "/wordy": async (_, response) => {
      response.writeHead(404);
      await send(response, Infinity);
    },
    "/packed": async (_, response) => {
      response.setHeader("content-encoding", "gzip").end(gzipSync(picture));
    },
    // 30 MB of zeros in 30 KB.
    "/bomb": async (_, response) => {
      response.setHeader("content-encoding", "gzip").end(gzipSync(Buffer.alloc(30e6)));
    },
    "/long": async (_, response) => {
      response.setHeader("content-length", 30e6);
      await send(response, 30);
    },
    "/endless": async (_, response) => {
      await send(response, Infinity);
    },
    // Every redirect goes to `to`, after as many to itself as `times` says.
    "/redirect": async (_, response, query) => {
      const times = Number(query.get("times") ?? 1);
      const to = query.get("to") ?? "/picture";
      const again = `/redirect?times=${times - 1}&to=${encodeURIComponent(to)}`;
      response.writeHead(302, { location: times > 1 ? again : to }).end();
    },
    "/silent": async () => {},
    "/drip": async (_, response) => {
      for (let i = 0; !response.destroyed && i < 200; i++) {
        response.write(picture.subarray(i, i + 1));
        await sleep(200);
      }
    },
    // Promises 19 MB, and takes its time.
    "/heavy-drip": async (_, response) => {
      response.setHeader("content-length", 19e6);
      response.write(MEGABYTE);
      for (let i = 0; !response.destroyed && i < 200; i++) {
        response.write(" ");
        await sleep(200);
      }
    },
    // Sends `bytes` every `ms`, without a length and without end. The headers come after `after` milliseconds.
    "/paced": async (_, response, query) => {
      await sleep(Number(query.get("after") ?? 0));
      const piece = Buffer.alloc(Number(query.get("bytes")));
      while (!response.destroyed) {
        await write(response, piece);
        await sleep(Number(query.get("ms")));
      }
    },
    // A large picture, without a length.
    "/gradual": async (_, response) => {
      for (let at = 0; at < LARGE_PICTURE.length && !response.destroyed; at += GRADUAL.bytes) {
        await write(response, LARGE_PICTURE.subarray(at, at + GRADUAL.bytes));
        await sleep(GRADUAL.ms);
      }
      response.end();
    },
    "/broken": async (_, response) => {
      response.setHeader("content-length", picture.length);
      response.write(picture.subarray(0, 100));
      await sleep(50);
      response.destroy();
    },
  };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://server");
    requests.push(url.pathname);
    response.on("close", () => {
      if (!response.writableFinished) cutShort.push(url.pathname);
    });
    void (handlers[url.pathname] ?? handlers["/missing"])?.(request, response, url.searchParams);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    cutShort,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function send(response: ServerResponse, megabytes: number): Promise<void> {
  for (let i = 0; i < megabytes && !response.destroyed; i++) await write(response, MEGABYTE);
  response.end();
}

/** Writes a piece, and waits until the client takes more. */
async function write(response: ServerResponse, piece: Uint8Array): Promise<void> {
  if (response.write(piece) || response.destroyed) return;
  await new Promise<void>((resolve) => {
    const goOn = (): void => {
      response.off("drain", goOn).off("close", goOn);
      resolve();
    };
    response.on("drain", goOn).on("close", goOn);
  });
}
