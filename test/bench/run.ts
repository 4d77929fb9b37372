/**
 * `npm run bench [-- --only <name>] [--quick] [--out <folder>]`: this project against what its users would pick instead.
 * Each suite writes a table for people and JSON for programs to `docs/benchmarks/`.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import setup from "../support/bundle-workers.ts";
import { installContenders } from "./contenders/contender.ts";
import { writeReport } from "./harness/write-report.ts";
import { SUITES } from "./suites/index.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    quick: { type: "boolean", default: false },
    out: { type: "string", default: join(import.meta.dirname, "../../docs/benchmarks") },
  },
});
const chosen = SUITES.filter(({ name }) => values.only === undefined || values.only === name);
if (chosen.length === 0) {
  console.error(`--only is one of ${SUITES.map(({ name }) => name).join(", ")}`);
  process.exit(1);
}
await installContenders();
await setup();
for (const suite of chosen) {
  const report = await suite.run({ quick: values.quick });
  console.log(await writeReport(values.out, suite.name, report));
}
process.exit(0);
