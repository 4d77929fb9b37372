/**
 * `npm run retrieval -- index <folder>` and `npm run retrieval -- search <text or picture>`: a folder of pictures, found by
 * what is on them. See docs/retrieval.md.
 *
 *   --url <gateway>      default: http://localhost:8787; its key from EDGECLIP_API_KEY
 *   --index <file>       the stand-in index; default: .cache/retrieval.jsonl
 *   --vectorize <name>   Cloudflare Vectorize instead, with CLOUDFLARE_ACCOUNT_ID and CLOUDFLARE_API_TOKEN
 *   --count <n>          results, default 5
 */
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { ROOT } from "../local/state.ts";
import { EdgeclipClient } from "./edgeclip-client.ts";
import { LocalIndex } from "./local-index.ts";
import { indexFolder, isPicture, pictureItem, search } from "./picture-search.ts";
import type { VectorIndex } from "./vector-index.ts";
import { VectorizeIndex } from "./vectorize-index.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    url: { type: "string", default: "http://localhost:8787" },
    index: { type: "string", default: join(ROOT, ".cache/retrieval.jsonl") },
    vectorize: { type: "string" },
    count: { type: "string", default: "5" },
  },
});

async function openIndex(): Promise<VectorIndex> {
  if (values.vectorize === undefined) {
    await mkdir(dirname(values.index), { recursive: true });
    return new LocalIndex(values.index);
  }
  const { CLOUDFLARE_ACCOUNT_ID: account, CLOUDFLARE_API_TOKEN: token } = process.env;
  if (account === undefined || token === undefined) {
    throw new Error("Vectorize needs CLOUDFLARE_ACCOUNT_ID and CLOUDFLARE_API_TOKEN");
  }
  return new VectorizeIndex(values.vectorize, { account, token });
}

const [command, what] = positionals;
try {
  const client = new EdgeclipClient(values.url.replace(/\/$/, ""), process.env["EDGECLIP_API_KEY"]);
  const index = await openIndex();
  if (command === "index" && what !== undefined) {
    console.log(`${await indexFolder(what, client, index)} pictures indexed`);
  } else if (command === "search" && what !== undefined) {
    const query = isPicture(what) ? await pictureItem(what) : what;
    const found = await search(query, Number(values.count), client, index);
    for (const { id, score } of found) console.log(`${score.toFixed(4)}  ${id}`);
  } else {
    throw new Error("index <folder> or search <text or picture>");
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
