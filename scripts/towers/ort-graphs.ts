/** Runs graphs for `build/measure` on the Workers' onnxruntime. */
import type { Activation, Open } from "../../build/measure/graph-runner.ts";
import { ortRuntime } from "./compiled-ort.ts";

/** As in a Worker. */
const SESSION_OPTIONS = { arena: false, memoryPattern: false };

export async function ortGraphs(): Promise<Open> {
  const runtime = await ortRuntime();
  return ({ graph, data }) => {
    const session = runtime.createSession(graph, data, SESSION_OPTIONS);
    return {
      run: (inputs) => session.run(inputs) as Record<string, Activation>,
      close: () => session.release(),
    };
  };
}
