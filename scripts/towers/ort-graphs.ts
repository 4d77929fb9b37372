/** Runs graphs for `build/measure` on the Workers' onnxruntime. */
import { createOrtRuntime } from "../../functions/runtime/ort/ort-runtime.ts";
import type { Activation, Open } from "../../build/measure/graph-runner.ts";
import { ortModule } from "./compiled-ort.ts";

/** One graph at a time; the largest has 34 MB of weights in fp32, which are in memory twice while it is loaded. */
const MEMORY = { initialBytes: 0, maximumBytes: 1_000_000_000 };
/** As in a Worker. */
const SESSION_OPTIONS = { arena: false, memoryPattern: false };

export async function ortGraphs(): Promise<Open> {
  const runtime = await createOrtRuntime(await ortModule(), MEMORY);
  return ({ graph, data }) => {
    const session = runtime.createSession(graph, data, SESSION_OPTIONS);
    return {
      run: (inputs) => session.run(inputs) as Record<string, Activation>,
      close: () => session.release(),
    };
  };
}
