/** `npm run retrieval`: indexes a folder of pictures, and searches them by text or picture. See docs/retrieval.md. */
import { basename, relative } from "node:path";
import { runCommand } from "../../build/command-line/command.ts";
import { printable } from "../../build/command-line/printable.ts";
import { oneOf, wholeNumber } from "../../build/command-line/values.ts";
import { pictureFiles, pictureType } from "../service/picture-files.ts";
import { serviceAt, URL_OPTION } from "../service/service-option.ts";
import { SOME_REFUSED } from "../service/refused-request.ts";
import { EdgeclipClient } from "./edgeclip-client.ts";
import type { PictureIndex } from "./picture-index.ts";
import { StoreIndex } from "./store-index.ts";
import { VectorizeIndex } from "./vectorize-index.ts";

function openIndex(client: EdgeclipClient, store: string, vectorize: string | undefined): PictureIndex {
  if (vectorize === undefined) return new StoreIndex(client, store);
  const { CLOUDFLARE_ACCOUNT_ID: account, CLOUDFLARE_API_TOKEN: token } = process.env;
  if (account === undefined || token === undefined) {
    throw new Error("Vectorize needs CLOUDFLARE_ACCOUNT_ID and CLOUDFLARE_API_TOKEN");
  }
  return new VectorizeIndex(client, vectorize, { account, token });
}

await runCommand(
  {
    usage: "npm run retrieval -- <index|search> <folder, text or picture> [options]",
    about: `"index <folder>" puts a folder's pictures into a vector store, "search <text or picture>" searches it. The API key
of the service is read from EDGECLIP_API_KEY. Exit code 3: some pictures were left out, the others are in the index.`,
    words: ["<index|search>", "<folder, text or picture>"],
    options: {
      url: URL_OPTION,
      store: {
        type: "string",
        value: "<name>",
        default: "pictures",
        about: "name or id of the vector store, which is made if there is none",
      },
      vectorize: {
        type: "string",
        value: "<name>",
        about: "index at Cloudflare Vectorize instead; needs CLOUDFLARE_ACCOUNT_ID and CLOUDFLARE_API_TOKEN",
      },
      count: { type: "string", value: "<n>", default: "5", about: "number of results" },
    },
  },
  async ({ url, store, vectorize, count: wanted }, [command = "", what = ""]) => {
    const [does, count] = [
      oneOf("the command", command, ["index", "search"]),
      wholeNumber("--count", wanted),
    ];
    const client = new EdgeclipClient(serviceAt(url));
    const index = openIndex(client, store, vectorize);
    if (does === "index") {
      const files = await pictureFiles([what]);
      let refused = 0;
      await index.add(
        files.map((path) => ({ id: relative(what, path) || basename(path), path })),
        ({ path }, reason) => {
          refused++;
          console.error(printable(`${path} is left out: ${reason}`));
        },
      );
      console.log(`${files.length - refused} of ${files.length} pictures are in the index`);
      if (refused > 0) process.exitCode = SOME_REFUSED;
      return;
    }
    // What has the name of a picture is one.
    const found = await index.search(
      pictureType(what) === undefined ? { text: what } : { path: what },
      count,
    );
    if (found.length === 0) console.error("the index has no pictures");
    for (const { id, score } of found) console.log(`${score.toFixed(4)}  ${printable(id)}`);
  },
);
