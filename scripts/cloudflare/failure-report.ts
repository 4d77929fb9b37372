/** Reports a failed release: what was done, what serves now, and what to do. */
import { messageOf } from "../../build/command-line/message-of.ts";
import type { CloudflareApi, Traffic } from "./api.ts";
import { rollbackCommand, trafficNow, versionsOf } from "./going-back.ts";
import { adviceFor } from "./prerequisites.ts";
import { GATEWAY_NAME } from "./resource-names.ts";

/**
 * @param print called with each step of `run` when it is done
 * @param run called with a function that reports a step, and with the gateway's versions that have traffic at the
 * beginning
 * @throws Error whose message is the first failure, followed by the report
 */
export async function withFailureReport<T>(
  api: CloudflareApi,
  print: (line: string) => void,
  run: (log: (line: string) => void, former: Traffic | undefined) => Promise<T>,
): Promise<T> {
  const former = await trafficNow(api);
  const done: string[] = [];
  const log = (line: string): void => {
    done.push(line);
    print(line);
  };
  try {
    return await run(log, former);
  } catch (error) {
    const lines = [
      messageOf(error),
      "",
      "Steps that were done, before and after the failure:",
      ...(done.length === 0 ? ["- none: nothing was changed"] : done.map((line) => `- ${line}`)),
      "What serves now:",
      await whatServes(api, former),
      "What to do:",
      ...adviceFor(messageOf(error)),
      "Fix the cause and run the same command again. Finished steps are not repeated.",
    ];
    throw new Error(lines.join("\n"), { cause: error });
  }
}

async function whatServes(api: CloudflareApi, former: Traffic | undefined): Promise<string> {
  let now: Traffic | undefined;
  try {
    now = await trafficNow(api);
  } catch (error) {
    const before = former === undefined ? "Nothing served before." : goingBack(former);
    return (
      `Unknown, because Cloudflare did not answer (${messageOf(error)}). ` +
      `To find out: npx wrangler deployments status --name ${GATEWAY_NAME}. ${before}`
    );
  }
  if (now === undefined) return `Nothing, as before: there is no ${GATEWAY_NAME} yet.`;
  const versions = versionsOf(now);
  if (former === undefined) {
    return `Version ${versions} of ${GATEWAY_NAME}, which did not pass all steps. Nothing served before.`;
  }
  if (versions === versionsOf(former)) {
    return `Version ${versions} of ${GATEWAY_NAME}, as before.`;
  }
  return `Version ${versions} of ${GATEWAY_NAME}, and not what served before. ${goingBack(former)}`;
}

function goingBack(former: Traffic): string {
  return `Version ${versionsOf(former)} served before; to go back to it: ${rollbackCommand(former)}`;
}
