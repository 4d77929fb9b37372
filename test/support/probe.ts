/**
 * A Worker of the tests' own with the gateway's bindings: turns HTTP into the RPC calls that no route exposes, so that
 * towers can be asked with exact inputs.
 *
 * `POST /tensor?height=&width=` float32 NCHW → the image embedding as float32.
 * `POST /tokens?lengths=7,4` int32 ids → the text embeddings as float32.
 * `POST /decode?size=` a picture → uint8 RGB.
 * `POST /stats` → `{vision: [a stage's stats, …], text, decoder, search}`.
 * A refusal answers 500 with `{code, message}`.
 */
import type { V4WorkerOptions } from "miniflare";

const SCRIPT = `
export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    const body = await request.arrayBuffer();
    const number = (name) => Number(searchParams.get(name));
    let result;
    if (pathname === "/tensor") {
      result = await env.VISION.embedTensor(new Float32Array(body), number("height"), number("width"));
    } else if (pathname === "/tokens") {
      const lengths = searchParams.get("lengths").split(",").map(Number);
      result = await env.TEXT.embedTokens(new Int32Array(body), lengths, () => true, "probe");
    } else if (pathname === "/stats") {
      // Of which there is nothing to tell; but an isolate's garbage is collected while it answers something.
      await (await env.SHARDS.fetch("https://shards/")).arrayBuffer();
      const stages = Object.keys(env).filter((name) => name.startsWith("VISION")).toSorted();
      const vision = await Promise.all(stages.map((name) => env[name].stats()));
      const [text, decoder, search] = await Promise.all([env.TEXT, env.DECODER, env.SEARCH].map((each) => each.stats()));
      return Response.json({ vision, text, decoder, search });
    } else {
      const length = new Uint32Array([body.byteLength]);
      const { readable, writable } = new IdentityTransformStream();
      const answer = new Response(readable).arrayBuffer();
      await env.DECODER.decode(new Blob([length, body]).stream(), number("size"), writable, "probe");
      const decoded = await answer;
      // As decoded-frames.ts writes it.
      const pixels = decoded.slice(5);
      const ok = new Uint8Array(decoded)[0] === 1;
      result = ok ? { ok, value: { pixels } } : { ok, error: JSON.parse(new TextDecoder().decode(pixels)) };
    }
    if (!result.ok) return Response.json(result.error, { status: 500 });
    return new Response(result.value.embeddings ?? result.value.pixels);
  },
};`;

/** @param vision names of the image tower's Workers, in the order of its stages */
export function probeWorker(vision: readonly string[]): V4WorkerOptions {
  const stages = vision.map((name, index) => [index === 0 ? "VISION" : `VISION_${index + 1}`, name]);
  return {
    name: "probe",
    modules: [{ type: "ESModule", path: "probe.js", contents: SCRIPT }],
    compatibilityDate: "2026-10-20",
    serviceBindings: {
      ...(Object.fromEntries(stages) as Record<string, string>),
      TEXT: "edgeclip-text",
      DECODER: "edgeclip-decoder",
      SHARDS: "edgeclip-shards",
      SEARCH: "edgeclip-search",
    },
    r2Buckets: { MODELS: "edgeclip-models" },
    unsafeDirectSockets: [{}],
  };
}
