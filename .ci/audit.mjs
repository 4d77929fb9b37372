/**
 * Fails if a dependency of a deployment has a known vulnerability of severity high or critical. If the registry has no
 * advisories, as is often so with mirrors, it reports that nothing was audited.
 */
import { spawnSync } from "node:child_process";

const { stdout } = spawnSync("npm", ["audit", "--omit=dev", "--audit-level=high", "--json"], {
  encoding: "utf8",
});
const report = JSON.parse(stdout);
const found = report.metadata?.vulnerabilities;
if (found === undefined) {
  console.log(`not audited: ${report.message ?? report.error?.summary ?? "the registry gave no advisories"}`);
} else {
  console.log(
    `audited: ${found.critical} critical, ${found.high} high, ${found.moderate} moderate, ${found.low} low`,
  );
  if (found.critical + found.high > 0) process.exit(1);
}
