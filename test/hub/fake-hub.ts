/**
 * A server that behaves like the model hub: describes files by headers of its own, redirects to a second host for large
 * ones, knows ranges, and can be told to misbehave.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Files with more bytes than this are on the second host. */
const LARGE = 1000;

export const COMMIT = "c0ffee".padEnd(40, "0");

export interface FakeHub {
  endpoint: string;
  /** Method, host, path and range of every request, and whether it had a token. */
  requests: {
    method: string;
    host: "hub" | "files";
    path: string;
    range: string | undefined;
    token: boolean;
  }[];
  /** Closes the next connection for a large file after this many bytes. */
  dropAfter: number | undefined;
  /** Sends a wrong byte. */
  corrupt: boolean;
  /** Ignores ranges, and sends whole files. */
  rangeless: boolean;
  /** The commit that the answers name. */
  commit: string;
  /** The token that requests must have; none if undefined. */
  token: string | undefined;
  close(): void;
}

/** @param files files of the repository; the large ones are on the second host */
export async function startFakeHub(
  files: ReadonlyMap<string, Uint8Array>,
  repository = "owner/name",
): Promise<FakeHub> {
  function hub(request: IncomingMessage, response: ServerResponse): void {
    const [, place, path = ""] = /^\/(.+)\/resolve\/main\/(.+)$/.exec(request.url ?? "") ?? [];
    const bytes = place === repository ? files.get(path) : undefined;
    const wanted = state.token === undefined ? undefined : `Bearer ${state.token}`;
    if (request.headers.authorization !== wanted) {
      response.writeHead(401).end();
    } else if (bytes === undefined) {
      response.writeHead(404, { "x-error-code": "EntryNotFound" }).end();
    } else if (bytes.byteLength > LARGE) {
      const { port } = filesServer.address() as AddressInfo;
      response.writeHead(302, {
        location: `http://localhost:${port}/${path}?signature=once`,
        "x-repo-commit": state.commit,
        "x-linked-size": bytes.byteLength,
        "x-linked-etag": `"${createHash("sha256").update(bytes).digest("hex")}"`,
      });
      response.end();
    } else {
      const blob = createHash("sha1").update(`blob ${bytes.byteLength}\0`).update(bytes).digest("hex");
      const headers = {
        "x-repo-commit": state.commit,
        etag: `"${blob}"`,
        "content-length": bytes.byteLength,
      };
      response.writeHead(200, headers).end(request.method === "HEAD" ? undefined : bytes);
    }
  }

  function large(request: IncomingMessage, response: ServerResponse): void {
    const bytes = Buffer.from(files.get((request.url ?? "").slice(1).split("?")[0] ?? "") ?? []);
    if (state.corrupt) bytes[0] = (bytes[0] ?? 0) ^ 1;
    const [, from] = /^bytes=(\d+)-$/.exec(request.headers.range ?? "") ?? [];
    const start = state.rangeless ? 0 : Number(from ?? 0);
    const rest = bytes.subarray(start);
    const partly = start > 0 ? { "content-range": `bytes ${start}-${bytes.length - 1}/${bytes.length}` } : {};
    response.writeHead(start > 0 ? 206 : 200, { "content-length": rest.length, ...partly });
    const drop = state.dropAfter;
    state.dropAfter = undefined;
    if (drop === undefined) response.end(rest);
    else response.write(rest.subarray(0, drop), () => setTimeout(() => response.destroy(), 50));
  }

  const note = (host: "hub" | "files", handle: typeof hub): Server =>
    createServer((request, response) => {
      const { method = "", url: path = "", headers } = request;
      const token = headers.authorization !== undefined;
      state.requests.push({ method, host, path, range: headers.range, token });
      handle(request, response);
    });
  const [hubServer, filesServer] = [note("hub", hub), note("files", large)];
  await Promise.all(
    [hubServer, filesServer].map(
      (server) => new Promise<void>((done) => server.listen(0, "127.0.0.1", done)),
    ),
  );
  const state: FakeHub = {
    endpoint: `http://127.0.0.1:${(hubServer.address() as AddressInfo).port}`,
    requests: [],
    dropAfter: undefined,
    corrupt: false,
    rangeless: false,
    commit: COMMIT,
    token: undefined,
    close: () => {
      hubServer.close();
      filesServer.close();
    },
  };
  return state;
}
