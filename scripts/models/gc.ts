/** `npm run model:gc`: removes Workers of the deployment that nothing uses any more. */
import { runCommand } from "../../build/command-line/command.ts";
import { REMOTE_OPTION } from "./model-bucket.ts";
import { collectGarbage } from "./collect-garbage.ts";

await runCommand(
  {
    usage: "npm run model:gc -- --remote",
    about: `Removes decoders, towers, shards and search Workers of the deployment that neither the gateway that serves nor the
one before it uses. Workers on this machine end by themselves, so --remote is required.`,
    options: { remote: REMOTE_OPTION },
  },
  async ({ remote }) => {
    if (!remote) {
      throw new Error("nothing to remove on this machine: add --remote for the deployment");
    }
    await collectGarbage();
  },
);
