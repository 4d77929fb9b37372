/** Addresses and ports that only this machine reaches. */
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";

/** Names and addresses that no other machine reaches. */
export const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|::1)$/;

/** A port on loopback that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
