/**
 * `npm run model:push`, `model:list`, `model:use` and `model:gc`: built models and those that serve. On what `npm start`
 * runs, or with `--remote` on the deployment.
 */
import { runCommand } from "../../build/command-line/command.ts";
import { UsageError } from "../../build/command-line/usage-error.ts";
import { collectGarbage } from "./gc.ts";
import { listModels } from "./list.ts";
import { pushModels } from "./push.ts";
import { useModels } from "./use.ts";

const COMMANDS = {
  push: {
    run: pushModels,
    words: ["<folder> …"],
    about: "Puts built models into R2. What is there is not sent again.",
  },
  list: { run: listModels, words: [], about: "Shows the models in R2, and which of them serve." },
  use: {
    run: useModels,
    words: ["<model>[@<revision>] …"],
    about:
      "Lets these models serve, the first by default, without a failed request. It is also the way back.",
  },
  gc: {
    run: collectGarbage,
    words: [],
    about: "Removes tower Workers of the deployment that neither serve nor did before the last change.",
  },
};

const [typed = "", ...rest] = process.argv.slice(2);
const name = (Object.keys(COMMANDS) as (keyof typeof COMMANDS)[]).find((each) => each === typed);
if (name === undefined) {
  await runCommand(
    {
      usage: `npm run model:${Object.keys(COMMANDS).join("|")}`,
      about: "Built models and those that serve.",
      words: ["<command>"],
    },
    () => {
      throw new UsageError(`there is no command ${typed}`);
    },
  );
} else {
  const { words, about, run } = COMMANDS[name];
  await runCommand(
    {
      usage: `npm run model:${name} -- ${[...words, "[--remote]"].join(" ")}`,
      about,
      words,
      options: {
        remote: {
          type: "boolean",
          default: false,
          about: "on the deployment; else on what npm start runs here",
        },
      },
    },
    ({ remote }, parameters) => run(parameters, remote),
    rest,
  );
}
