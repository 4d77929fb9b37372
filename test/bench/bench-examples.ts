/** `npm run bench:examples`: what examples of labels do for accuracy, and what they cost. Prints both. */
import { readCommandLine } from "../../build/command-line/command.ts";
import setup from "../support/bundle-workers.ts";
import { measureAccuracy } from "./examples/accuracy.ts";
import { measureCost } from "./examples/cost.ts";
import { machine } from "./harness/machine.ts";

const PARTS = { accuracy: measureAccuracy, cost: measureCost };

const only = readCommandLine(
  {
    usage: "npm run bench:examples -- [options]",
    about:
      "Measures what two examples a label do for the demonstration model's accuracy, and what examples cost.",
    options: { only: { type: "string", value: "<part>", about: "accuracy or cost" } },
  },
  ({ only: part }) => part,
);
await setup();
for (const [name, measure] of Object.entries(PARTS)) if (only === undefined || only === name) await measure();
console.log(await machine());
