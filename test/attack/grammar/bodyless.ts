/** Requests to the routes that take no body: their paths, with ids that exist, or that nobody would give out. */
import type { Dice } from "./dice.ts";
import { hostileString } from "./hostile-values.ts";
import type { Known } from "./valid-request.ts";

interface Bodyless {
  method: string;
  path: string;
}

const QUERIES = [
  "limit=0",
  "limit=-1",
  "limit=1e9",
  "limit=1.5",
  "limit=NaN",
  "limit=",
  "limit=1&limit=2",
  "limit=1&order=asc",
  "order=up",
  "after=",
  "after=%00",
  "after=%ff",
  "after=..%2f..",
  `after=${"z".repeat(65)}`,
  "after=%F0%9F%A6%8A",
  "after=accounts/",
  `after=vs_${"0".repeat(24)}&before=vs_${"0".repeat(24)}`,
  `before=file-${"0".repeat(24)}`,
  "before=%ff",
  "filter=completed",
  "filter=x",
  "purpose=vision",
  "purpose=%00",
  "part=towers",
  "part=label_sets&after=%ff",
  "part=x",
  "model=edgeclip-demo",
  "model=%00",
  "__proto__=1",
  "limit[]=1",
  "limit=1&after=ls_ffffffffffffffffffffffffffffffff",
  "%",
  "&&&==",
];

const of = (method: string, ...paths: string[]): Bodyless[] => paths.map((path) => ({ method, path }));

export function bodylessRoutes({ set, file, batch, store, fileBatch }: Known): Bodyless[] {
  const stores = "/v1/vector_stores";
  const inStore = `${stores}/${store}`;
  const batches = `${inStore}/file_batches/${fileBatch}`;
  return [
    ...of("GET", "/v1/models", "/v1/models/edgeclip%2Fdemo", "/v1/models/edgeclip/demo"),
    ...of("GET", "/healthz", "/readyz", "/v1/operator/report", "/v1/label_sets"),
    ...of("GET", `/v1/label_sets/${set}`, "/v1/label_sets/known"),
    ...of("GET", "/v1/files", `/v1/files/${file}`, `/v1/files/${file}/content`),
    ...of("GET", "/v1/batches", `/v1/batches/${batch}`),
    ...of("POST", `/v1/batches/${batch}/cancel`),
    ...of("GET", stores, inStore, `${inStore}/files`, `${inStore}/files/${file}`),
    ...of("GET", `${inStore}/files/${file}/content`, batches, `${batches}/files`),
    ...of("POST", `${batches}/cancel`),
    ...of("DELETE", `/v1/label_sets/${set}`, "/v1/label_sets/known", `/v1/files/${file}`),
    ...of("DELETE", inStore, `${inStore}/files/${file}`),
  ];
}

/** A route without a body, seldom as it should be asked. */
export function bodylessRequest(dice: Dice, known: Known): Bodyless {
  const { method, path } = dice.pick(bodylessRoutes(known));
  // What the other requests use is deleted seldom.
  const isRight = dice.chance(method === "DELETE" ? 0.02 : 0.3);
  const spoiled = isRight ? path : withOddId(dice, path, known);
  const query = dice.chance(0.3) ? `?${dice.pick(QUERIES)}` : "";
  return { method: dice.chance(0.95) ? method : dice.pick(["POST", "GET", "PUT"]), path: spoiled + query };
}

/** Puts something else in the place of one of the ids, or of the last segment. */
function withOddId(dice: Dice, path: string, known: Known): string {
  const ids = new Set<string>(Object.values(known).filter((value) => typeof value === "string"));
  const segments = path.split("/");
  const places = [...segments.keys()].filter((at) => ids.has(segments[at] ?? ""));
  const at = places.length === 0 ? segments.length - 1 : dice.pick(places);
  segments[at] = oddId(dice, segments[at] ?? "", [...ids]);
  return segments.join("/");
}

function oddId(dice: Dice, id: string, ids: readonly string[]): string {
  const digits = "0123456789abcdef".repeat(500).slice(0, dice.pick([1, 24, 31, 32, 33, 100, 1000, 5000]));
  switch (dice.number(5)) {
    case 0:
      return encodeURIComponent(hostileString(dice).slice(0, 2000).toWellFormed());
    case 1:
      return dice.pick(["ls_", "file-", "batch_", "vs_", "vsfb_", "file_", ""]) + digits;
    case 2:
      // Pictures are longer than a request line may be.
      return dice.pick(ids.filter((each) => each.length < 100));
    case 3:
      return `${id}${dice.pick(["/", "%00", ".", "/labels", "/content", "%20", "/cancel"])}`;
    default:
      return dice.pick([id.toUpperCase(), id.slice(0, -1), `${id}0`, "%2e%2e", "__proto__", "*", "%ff"]);
  }
}
