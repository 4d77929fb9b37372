/** `npm run scale`: prints the tables of docs/scale.md, from what the benches measured. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "../../build/command-line/command.ts";
import { ROOT } from "../paths.ts";
import { readMeasured } from "./measured.ts";
import { scaleTables } from "./tables.ts";
import { withTables } from "./with-tables.ts";

const DOCUMENT = join(ROOT, "docs/scale.md");

await runCommand(
  {
    usage: "npm run scale [-- --write]",
    about:
      "Computes what 1 to 10,000 requests a second over 1 to 300 data centers need, from the figures in docs/benchmarks.",
    options: { write: { type: "boolean", default: false, about: "write the tables to docs/scale.md" } },
  },
  async ({ write }) => {
    const tables = scaleTables(await readMeasured());
    if (write) await writeFile(DOCUMENT, withTables(await readFile(DOCUMENT, "utf8"), tables));
    else console.log(tables);
  },
);
