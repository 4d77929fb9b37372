/** `npm run retrieval`: indexes a folder of pictures, and searches them by text or picture. See docs/retrieval.md. */
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { runCommand } from "../../build/command-line/command.ts";
import { oneOf, wholeNumber } from "../../build/command-line/values.ts";
import { CACHE } from "../paths.ts";
import { EdgeclipClient } from "./edgeclip-client.ts";
import { LocalIndex } from "./local-index.ts";
import { indexFolder, isPicture, pictureItem, search } from "./picture-search.ts";
import type { VectorIndex } from "./vector-index.ts";
import { VectorizeIndex } from "./vectorize-index.ts";

async function openIndex(file: string, vectorize: string | undefined): Promise<VectorIndex> {
  if (vectorize === undefined) {
    await mkdir(dirname(file), { recursive: true });
    return new LocalIndex(file);
  }
  const { CLOUDFLARE_ACCOUNT_ID: account, CLOUDFLARE_API_TOKEN: token } = process.env;
  if (account === undefined || token === undefined) {
    throw new Error("Vectorize needs CLOUDFLARE_ACCOUNT_ID and CLOUDFLARE_API_TOKEN");
  }
  return new VectorizeIndex(vectorize, { account, token });
}

await runCommand(
  {
    usage: "npm run retrieval -- <index|search> <folder, text or picture> [options]",
    about: `"index <folder>" puts a folder's pictures into an index, "search <text or picture>" searches it. The API key of the
service is read from EDGECLIP_API_KEY.`,
    words: ["<index|search>", "<folder, text or picture>"],
    options: {
      url: { type: "string", value: "<url>", default: "http://localhost:8787", about: "URL of the service" },
      index: {
        type: "string",
        value: "<file>",
        default: join(CACHE, "retrieval.jsonl"),
        about: "local index, used without --vectorize",
      },
      vectorize: {
        type: "string",
        value: "<name>",
        about: "index at Cloudflare Vectorize; needs CLOUDFLARE_ACCOUNT_ID and CLOUDFLARE_API_TOKEN",
      },
      count: { type: "string", value: "<n>", default: "5", about: "number of results" },
    },
  },
  async ({ url, index: file, vectorize, count: wanted }, [command = "", what = ""]) => {
    const [does, count] = [
      oneOf("the command", command, ["index", "search"]),
      wholeNumber("--count", wanted),
    ];
    const client = new EdgeclipClient(url.replace(/\/$/, ""), process.env["EDGECLIP_API_KEY"]);
    const index = await openIndex(file, vectorize);
    if (does === "index") {
      console.log(`${await indexFolder(what, client, index)} pictures indexed`);
      return;
    }
    const found = await search(isPicture(what) ? await pictureItem(what) : what, count, client, index);
    for (const { id, score } of found) console.log(`${score.toFixed(4)}  ${id}`);
  },
);
