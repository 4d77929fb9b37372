/** `npm run doctor`: what only the platform can tell, asked of a deployment and printed as a report. See docs/operations.md. */
import { runCommand } from "../../build/command-line/command.ts";
import { expectService } from "../service/patient-request.ts";
import { oneUrl, SECOND_URL_OPTION, serviceAt } from "../service/service-option.ts";
import { askDeployment } from "./ask-deployment.ts";
import { examine } from "./examine.ts";
import { printReport } from "./print-report.ts";

/** Exit code if something is not as expected. */
const SOME_DIFFER = 3;

await runCommand(
  {
    usage: "npm run doctor -- [url] [options]",
    about: `Asks a deployment how its platform behaves: clock, dot product, caches, stores, towers, times, background work. The
operator's key ("npm run keys -- create --operator") is read from EDGECLIP_API_KEY; a service with open access needs none. It
classifies an example four times with each model and stores the embeddings of up to three labels. Exit code 3: something is not as expected.`,
    options: { json: { type: "boolean", default: false, about: "print JSON" }, url: SECOND_URL_OPTION },
    words: ["[url]"],
  },
  async ({ json, url }, [word]) => {
    const service = serviceAt(oneUrl(word, url));
    await expectService(service);
    const deployment = await askDeployment(service);
    const findings = examine(deployment);
    const at = new Date();
    const { version, dataCenter } = deployment;
    console.log(
      json
        ? JSON.stringify(
            { url: service.url, version, data_center: dataCenter, at: at.toISOString(), findings },
            null,
            2,
          )
        : printReport(deployment, findings, at),
    );
    if (findings.some(({ verdict }) => verdict === "differs")) process.exitCode = SOME_DIFFER;
  },
);
