/**
 * `npm run model:push|list|use|gc`: built models and those that serve. On what `npm start` runs, or with `--remote` on
 * the deployment.
 *
 *   push <folder> …           puts built models into R2; what is there is not sent again
 *   list                      models in R2, and which of them serve
 *   use <model>[@revision] …  lets these serve, the first by default, without a failed request; also the way back
 *   gc                        removes tower Workers of the deployment that neither serve nor did before the last change
 */
import { parseArgs } from "node:util";
import { collectGarbage } from "./gc.ts";
import { listModels } from "./list.ts";
import { pushModels } from "./push.ts";
import { useModels } from "./use.ts";

const COMMANDS = { push: pushModels, list: listModels, use: useModels, gc: collectGarbage };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { remote: { type: "boolean", default: false } },
});
const [name = "", ...parameters] = positionals;
const command = Object.entries(COMMANDS).find(([each]) => each === name)?.[1];
try {
  if (command === undefined) throw new Error(`what to do? ${Object.keys(COMMANDS).join(", ")}`);
  await command(parameters, values.remote);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
