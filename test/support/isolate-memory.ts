/**
 * What an isolate holds, asked from workerd's inspector: the JavaScript heap and the memory behind ArrayBuffers.
 * `WebAssembly.Memory` is in neither; towers report theirs themselves.
 */

import { setTimeout as sleep } from "node:timers/promises";

/** Between two attempts to wake an isolate. */
const PAUSE_MS = 50;

export interface IsolateMemory {
  /** Bytes in use on the JavaScript heap. */
  heapBytes: number;
  /** Bytes behind ArrayBuffers. */
  backingStorageBytes: number;
}

interface Target {
  webSocketDebuggerUrl: string;
}

/**
 * @param inspector URL of workerd's inspector, over HTTP
 * @param wake has the isolate do something. With it, garbage is collected first, so that what is left is held by
 * somebody: an idle isolate collects nothing until its next request
 */
export async function isolateMemory(
  inspector: URL,
  worker: string,
  wake?: () => Promise<unknown>,
): Promise<IsolateMemory> {
  const targets = (await (await fetch(new URL("/json/list", inspector))).json()) as Target[];
  const target = targets.find(({ webSocketDebuggerUrl }) => webSocketDebuggerUrl.endsWith(`:user:${worker}`));
  if (target === undefined) throw new Error(`the inspector does not know the Worker ${worker}`);
  const socket = new WebSocket(target.webSocketDebuggerUrl);
  try {
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve, { once: true });
      socket.addEventListener("error", reject, { once: true });
    });
    if (wake !== undefined) await collectGarbage(socket, wake);
    const usage = await call(socket, "Runtime.getHeapUsage");
    return { heapBytes: usage.usedSize, backingStorageBytes: usage.backingStorageSize };
  } finally {
    socket.close();
  }
}

async function collectGarbage(socket: WebSocket, wake: () => Promise<unknown>): Promise<void> {
  const done = call(socket, "HeapProfiler.collectGarbage").then(() => true);
  do await wake();
  while (!(await Promise.race([done, sleep(PAUSE_MS, false)])));
}

let calls = 0;

async function call(
  socket: WebSocket,
  method: string,
): Promise<{ usedSize: number; backingStorageSize: number }> {
  const id = ++calls;
  return await new Promise((resolve) => {
    socket.addEventListener("message", ({ data }) => {
      const message = JSON.parse(String(data)) as { id?: number; result: never };
      if (message.id === id) resolve(message.result);
    });
    socket.send(JSON.stringify({ id, method }));
  });
}
