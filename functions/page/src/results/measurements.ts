/** Shows how long each part of a request took, and what came from caches. */
import type { Answer } from "../api/call.ts";
import type { Usage } from "../api/types.ts";
import { make } from "../dom.ts";
import { time } from "./figures.ts";

/** Names for the parts in `server-timing`. Some parts run in parallel, so they need not add up. */
const PARTS: Readonly<Record<string, string>> = {
  fetch: "Following links",
  decode: "Decoding",
  image: "Image tower",
  text: "Text tower",
  "image-manifest": "Cold image tower: manifest",
  "image-shards": "Cold image tower: weights",
  "image-load": "Cold image tower: in all",
  "text-manifest": "Cold text tower: manifest",
  "text-shards": "Cold text tower: weights",
  "text-load": "Cold text tower: in all",
  cache: "Caches",
  search: "Comparing with the store",
  total: "Server, total",
};

export function measurements({
  server,
  browser,
  body,
}: Answer<{ usage: Usage; model: string; revision: string }>): HTMLElement {
  const parts = [...server].map(([name, spent]): [string, string] => [PARTS[name] ?? name, time(spent)]);
  return make(
    "div",
    { class: "measurements" },
    list("Time", [...parts, ["Browser, total", time(browser)]]),
    make(
      "div",
      {},
      list("From caches", fromCaches(body.usage)),
      list("Model", [
        ["Id", body.model],
        ["Revision", body.revision],
      ]),
    ),
  );
}

function fromCaches({
  images,
  cached_images,
  prompt_tokens,
  prompt_tokens_details,
}: Usage): [string, string][] {
  return [
    [images === 1 ? "Picture" : "Pictures", `${cached_images} of ${images}`],
    ["Tokens of texts", `${prompt_tokens_details.cached_tokens} of ${prompt_tokens}`],
  ];
}

function list(title: string, entries: readonly (readonly [string, string])[]): HTMLElement {
  const rows = entries.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value)));
  return make("section", {}, make("h3", {}, title), make("dl", {}, ...rows));
}
