/** The CI workflow and the issue templates are valid, and CI runs `.ci/run`, which anybody can run. */
import { access, constants, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import * as z from "zod";
import { ROOT } from "./markdown.ts";

const GITHUB = join(ROOT, ".github");

const workflowSchema = z.object({
  on: z.object({ push: z.unknown(), pull_request: z.unknown() }),
  permissions: z.object({ contents: z.literal("read") }),
  jobs: z.object({
    run: z.object({
      strategy: z.object({ matrix: z.object({ node: z.array(z.number()) }) }),
      container: z.string(),
      steps: z.array(z.object({ run: z.string().optional(), uses: z.string().optional() })),
    }),
  }),
});

async function readYaml(path: string): Promise<unknown> {
  return parse(await readFile(join(GITHUB, path), "utf8"), { strict: true });
}

it("has a workflow that runs .ci/run with a Chromium, on the oldest Node and on that of .nvmrc", async () => {
  const { run } = workflowSchema.parse(await readYaml("workflows/ci.yml")).jobs;
  const commands = run.steps.map((step) => step.run ?? step.uses ?? "");
  const at = (what: RegExp): number => commands.findIndex((command) => what.test(command));
  expect(at(/apt-get install .*\bchromium\b/)).toBeGreaterThanOrEqual(0);
  expect(at(/^actions\/checkout@/)).toBeGreaterThanOrEqual(0);
  expect(at(/^\.ci\/run$/)).toBeGreaterThan(at(/^actions\/checkout@/));
  await access(join(ROOT, ".ci/run"), constants.X_OK);

  const { engines } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as {
    engines: { node: string };
  };
  const wanted = [engines.node.replace(">=", ""), await readFile(join(ROOT, ".nvmrc"), "utf8")].map(Number);
  expect(run.strategy.matrix.node).toEqual(expect.arrayContaining(wanted));
  // Debian installs Chromium where the browser tests look for it.
  expect(run.container).toMatch(/^node:\$\{\{ matrix\.node \}\}-bookworm$/);
});

it("has templates for issues that can be read", async () => {
  const names = await readdir(join(GITHUB, "ISSUE_TEMPLATE"));
  expect(names.length).toBeGreaterThanOrEqual(2);
  for (const name of names) {
    expect(await readYaml(`ISSUE_TEMPLATE/${name}`)).toMatchObject({
      name: expect.any(String) as string,
      description: expect.any(String) as string,
      body: expect.any(Array) as unknown[],
    });
  }
});
