/** `npm run bench`: this project against what its users would pick instead. */
import { join } from "node:path";
import { runCommand } from "../../build/command-line/command.ts";
import { oneOf } from "../../build/command-line/values.ts";
import setup from "../support/bundle-workers.ts";
import { installContenders } from "./contenders/contender.ts";
import { writeReport } from "./harness/write-report.ts";
import { SUITES } from "./suites/index.ts";

const NAMES = SUITES.map(({ name }) => name);

await runCommand(
  {
    usage: "npm run bench -- [options]",
    about: `This project against what its users would pick instead. Each suite writes a table for people and JSON for
programs.`,
    options: {
      only: { type: "string", value: "<name>", about: `one suite: ${NAMES.join(", ")}` },
      quick: { type: "boolean", default: false, about: "few rounds, to see that they run" },
      out: {
        type: "string",
        value: "<folder>",
        default: join(import.meta.dirname, "../../docs/benchmarks"),
        about: "where the tables go",
      },
    },
  },
  async ({ only, quick, out }) => {
    const name = only === undefined ? undefined : oneOf("--only", only, NAMES);
    await installContenders();
    await setup();
    for (const suite of SUITES.filter((each) => name === undefined || each.name === name)) {
      const report = await suite.run({ quick });
      console.log(await writeReport(out, suite.name, report));
    }
    process.exit(0);
  },
);
