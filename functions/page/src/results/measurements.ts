/** Shows how long each part of a request took, and what came from caches. */
import type { Answer } from "../api/call.ts";
import type { Usage } from "../api/types.ts";
import { make } from "../dom.ts";
import { time } from "./figures.ts";

/** Names for the parts in `server-timing`. Some parts run in parallel, so they need not add up. */
const PARTS: Readonly<Record<string, string>> = {
  fetch: "Following links",
  decode: "Decoding",
  image: "Image model",
  text: "Text model",
  "image-manifest": "Cold image model: manifest",
  "image-shards": "Cold image model: weights",
  "image-load": "Cold image model: in all",
  "text-manifest": "Cold text model: manifest",
  "text-shards": "Cold text model: weights",
  "text-load": "Cold text model: in all",
  cache: "Caches",
  search: "Comparing with the store",
  total: "Server, total",
};

export function measurements({
  server,
  browser,
  body,
}: Answer<{ usage: Usage; model: string; revision: string }>): HTMLElement {
  const parts = [...server]
    .filter(([, spent]) => spent > 0)
    .map(([name, spent]): [string, string] => [PARTS[name] ?? name, time(spent)]);
  return make(
    "div",
    { class: "measurements" },
    list("Time", [...parts, ["Browser, total", time(browser)]]),
    make(
      "div",
      {},
      list("Known already, from caches", fromCaches(body.usage)),
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
}: Usage): (readonly [string, string])[] {
  return [
    ...(images === 0
      ? []
      : [[images === 1 ? "Picture" : "Pictures", `${cached_images} of ${images}`] as const]),
    ...(prompt_tokens === 0
      ? []
      : [["Tokens of texts", `${prompt_tokens_details.cached_tokens} of ${prompt_tokens}`] as const]),
  ];
}

function list(title: string, entries: readonly (readonly [string, string])[]): HTMLElement {
  const rows = entries.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value)));
  return make("section", {}, make("h3", {}, title), make("dl", {}, ...rows));
}
