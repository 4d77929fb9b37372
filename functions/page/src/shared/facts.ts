/** What an answer took: time by part, and what came from caches. */
import type { Answered } from "./api.ts";
import { make } from "./dom.ts";

/** The server's parts, in words. */
const PARTS = new Map([
  ["fetch", "fetching"],
  ["decode", "decoding"],
  ["image", "image tower"],
  ["text", "text tower"],
  ["cache", "cache"],
  ["total", "server, in all"],
]);

export function facts({ body, parts, elapsed }: Answered<object>): HTMLElement {
  const { prompt_tokens: tokens, prompt_tokens_details: details, images, cached_images: cached } = body.usage;
  const list = make("dl", { className: "facts" });
  const add = (name: string, value: string): void => {
    list.append(make("div", {}, make("dt", {}, name), make("dd", {}, value)));
  };
  for (const [part, words] of PARTS) {
    const duration = parts.get(part);
    if (duration !== undefined) add(words, `${Math.round(duration)} ms`);
  }
  add("seen from here", `${Math.round(elapsed)} ms`);
  add("tokens from cache", `${details.cached_tokens} of ${tokens}`);
  if (cached > 0) add("pictures from cache", `${cached} of ${images}`);
  add("model", `${body.model} ${body.revision.slice(0, 8)}`);
  return list;
}
