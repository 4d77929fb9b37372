/**
 * `npm run bench`: compares this project with the alternatives that its users have. If the host's dot product takes
 * bytes, the suites that depend on it run again without AVX-VNNI, see `harness/both-lowerings.ts`.
 */
import { join } from "node:path";
import { runCommand } from "../../build/command-line/command.ts";
import { oneOf } from "../../build/command-line/values.ts";
import setup from "../support/bundle-workers.ts";
import { installContenders } from "./contenders/contender.ts";
import { againWithout, IS_TURNED_OFF, suffixOfLowering } from "./harness/both-lowerings.ts";
import { writeReport } from "./harness/write-report.ts";
import { SUITES } from "./suites/all-suites.ts";

const NAMES = SUITES.map(({ name }) => name);

await runCommand(
  {
    usage: "npm run bench -- [options]",
    about: `Compares this project with the alternatives that its users have. Each suite writes a table for people and JSON for
programs. Where the host's dot product takes bytes, those that depend on it run again without.`,
    options: {
      only: { type: "string", value: "<name>", about: `one suite: ${NAMES.join(", ")}` },
      quick: { type: "boolean", default: false, about: "few rounds, to test that the suites run" },
      out: {
        type: "string",
        value: "<folder>",
        default: join(import.meta.dirname, "../../docs/benchmarks"),
        about: "folder of the tables",
      },
    },
  },
  async ({ only, quick, out }) => {
    const named = only === undefined ? undefined : oneOf("--only", only, NAMES);
    const chosen = SUITES.filter(
      (each) =>
        (named === undefined || each.name === named) && (each.dependsOnDot === true || !IS_TURNED_OFF),
    );
    await installContenders();
    await setup();
    const suffix = await suffixOfLowering();
    for (const suite of chosen) {
      const report = await suite.run({ quick });
      console.log(await writeReport(out, suite.name, report, suite.dependsOnDot === true ? suffix : ""));
    }
    await againWithout();
    process.exit(0);
  },
);
