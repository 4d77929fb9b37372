/**
 * Fails for a known hole, high or critical, in what a deployment is made of. Where the registry has no advisories, as
 * mirrors often have not, it says that nothing was audited.
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
