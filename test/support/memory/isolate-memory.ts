/**
 * Reads an isolate's memory from workerd's inspector: the JavaScript heap and the memory of ArrayBuffers. Neither
 * includes `WebAssembly.Memory`, which towers report themselves.
 */
import { setTimeout as sleep } from "node:timers/promises";

export interface IsolateMemory {
  /** Bytes in use on the JavaScript heap. */
  heapBytes: number;
  /** Bytes of ArrayBuffers. */
  backingStorageBytes: number;
}

interface Target {
  webSocketDebuggerUrl: string;
}

/** How long a collection may take, and how often the isolate is woken meanwhile. Milliseconds. */
const COLLECTION_LIMIT = 30_000;
const WAKE_INTERVAL = 50;

/**
 * @param inspector URL of workerd's inspector, over HTTP
 * @param wake has garbage collected first, so that what is left is held by somebody; sends the Worker a request
 * @throws Error if the collection does not end
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
    if (wake !== undefined) await collectGarbage(socket, worker, wake);
    const usage = await call(socket, "Runtime.getHeapUsage");
    return { heapBytes: usage.usedSize, backingStorageBytes: usage.backingStorageSize };
  } finally {
    socket.close();
  }
}

/** V8 collects in a task of the isolate, and workerd runs an isolate's tasks only while it answers a request. */
async function collectGarbage(
  socket: WebSocket,
  worker: string,
  wake: () => Promise<unknown>,
): Promise<void> {
  const done = new AbortController();
  const collected = call(socket, "HeapProfiler.collectGarbage").then(() => done.abort());
  const start = performance.now();
  while (!done.signal.aborted) {
    if (performance.now() - start > COLLECTION_LIMIT) {
      throw new Error(`${worker}: no garbage was collected within ${COLLECTION_LIMIT} ms`);
    }
    await wake();
    await Promise.race([collected, sleep(WAKE_INTERVAL)]);
  }
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
