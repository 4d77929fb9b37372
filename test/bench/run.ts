/**
 * `npm run bench [-- --only <name>] [--quick] [--out <folder>]`: this project against what its users would pick instead.
 * Each suite writes a table for people and JSON for programs to `docs/benchmarks/`. Where the host's dot product takes
 * bytes, those that depend on it run again without, see `harness/both-lowerings.ts`.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import setup from "../support/bundle-workers.ts";
import { installContenders } from "./contenders/contender.ts";
import { againWithout, WITHOUT } from "./harness/both-lowerings.ts";
import { writeReport } from "./harness/write-report.ts";
import { SUITES } from "./suites/index.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    /** Set for the second run on a host whose dot product takes bytes: only suites that depend on it. */
    without: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    out: { type: "string", default: join(import.meta.dirname, "../../docs/benchmarks") },
  },
});
const chosen = SUITES.filter(
  ({ name, dependsOnDot }) =>
    (values.only === undefined || values.only === name) && (dependsOnDot === true || !values.without),
);
if (chosen.length === 0 && !values.without) {
  console.error(`--only is one of ${SUITES.map(({ name }) => name).join(", ")}`);
  process.exit(1);
}
await installContenders();
await setup();
for (const suite of chosen) {
  const report = await suite.run({ quick: values.quick });
  console.log(await writeReport(values.out, `${suite.name}${values.without ? WITHOUT : ""}`, report));
}
if (!values.without) await againWithout("--without");
process.exit(0);
