/**
 * `npm run bench:search`: what a search of a vector store takes, in time, memory, reads and money, how it grows with
 * the store, how near its kernel is to a plain read, and what it finds of the nearest by float vectors. Writes
 * `docs/benchmarks/search.md`, its JSON and its plot.
 */
import { join } from "node:path";
import { runCommand } from "../../build/command-line/command.ts";
import { writeReport } from "./harness/write-report.ts";
import { measureSearch } from "./search/search-report.ts";
import setup from "../support/bundle-workers.ts";

await runCommand(
  {
    usage: "npm run bench:search -- [options]",
    about: "Measures searches of vector stores with up to 100,000 vectors, and their recall.",
    options: {
      quick: { type: "boolean", default: false, about: "small stores, to test that it runs" },
      out: {
        type: "string",
        value: "<folder>",
        default: join(import.meta.dirname, "../../docs/benchmarks"),
        about: "folder of the report",
      },
    },
  },
  async ({ quick, out }) => {
    await setup();
    console.log(await writeReport(out, "search", await measureSearch({ quick })));
  },
);
