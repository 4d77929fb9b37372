/** Counts the calls that the gateway makes to other Workers. */
import type { V4WorkerOptions } from "miniflare";

/** Stands between the gateway and the Workers it calls, and counts the calls. `GET /` answers and clears them. */
export const COUNTER: V4WorkerOptions = {
  name: "counter",
  modules: [
    {
      type: "ESModule",
      path: "counter.js",
      contents: `
import { WorkerEntrypoint } from "cloudflare:workers";
let calls = [];
const forward = (binding, method) => async function (...parameters) {
  calls.push(binding + "." + method);
  return await this.env[binding][method](...parameters);
};
export class Decoder extends WorkerEntrypoint {}
Decoder.prototype.decode = forward("DECODER", "decode");
export class Vision extends WorkerEntrypoint {}
Vision.prototype.embedPixels = forward("VISION", "embedPixels");
Vision.prototype.wake = forward("VISION", "wake");
export class Text extends WorkerEntrypoint {}
Text.prototype.embedTokens = forward("TEXT", "embedTokens");
export default {
  fetch() {
    const counted = calls;
    calls = [];
    return Response.json(counted);
  },
};`,
    },
  ],
  compatibilityDate: "2026-10-20",
  serviceBindings: { DECODER: "edgeclip-decoder", VISION: "edgeclip-vision", TEXT: "edgeclip-text" },
  unsafeDirectSockets: [{}],
};

/** @param options of the gateway */
export function throughCounter(options: V4WorkerOptions): V4WorkerOptions {
  const entrypoints = { DECODER: "Decoder", VISION: "Vision", TEXT: "Text" };
  const counted = Object.fromEntries(
    Object.entries(entrypoints).map(([binding, entrypoint]) => [binding, { name: "counter", entrypoint }]),
  );
  return { ...options, serviceBindings: { ...options.serviceBindings, ...counted } };
}
