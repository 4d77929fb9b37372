/** Every script in `package.json` describes itself and reports a wrong argument. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type Outcome, runNode } from "../support/run-node.ts";

const ROOT = join(import.meta.dirname, "../..");

/** Name and command line, for each `node <file>` of a script; `prepare` runs several. */
const { scripts } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as {
  scripts: Record<string, string>;
};
const own = Object.entries(scripts).flatMap(([name, command]) =>
  command
    .split("&&")
    .map((part) =>
      part
        .replace(/^exec /, "")
        .trim()
        .split(/\s+/),
    )
    .filter(([program]) => program === "node")
    .map(([, ...typed]) => [name, typed] as const),
);

/** Each command has a folder of its own, because only one `npm start` at a time may use it. */
const states = await mkdtemp(join(tmpdir(), "edgeclip-scripts-"));
let runs = 0;

afterAll(async () => {
  await rm(states, { recursive: true });
});

async function run(...typed: string[]): Promise<Outcome> {
  // These values keep the scripts from reaching a real account.
  const account = { CLOUDFLARE_API_TOKEN: "none", CLOUDFLARE_ACCOUNT_ID: "none" };
  return await runNode(typed, { env: { ...account, EDGECLIP_STATE: join(states, String(++runs)) } });
}

/** The line and the usage. */
function expectUsage({ code, stdout, stderr }: Outcome, typed: string): string {
  expect(stderr, typed).not.toMatch(/^\s+at /m);
  const [line = "", usage = "", ...rest] = stderr.trimEnd().split("\n");
  expect([code, stdout, rest], stderr).toEqual([2, "", []]);
  expect(usage, typed).toMatch(/^usage: (?:npm|node) /);
  return line;
}

it("finds the scripts", () => {
  expect(new Set(own.map(([name]) => name)).size).toBeGreaterThanOrEqual(25);
});

it("finds each command in the folder of its name or group, in the file of its name", () => {
  const commands = own.filter(([, [file = ""]]) => file.startsWith("scripts/") || file.startsWith("build/"));
  for (const [name, [file = ""]] of commands) {
    const [, group, command = name] = /^(model|build):(.+)$/.exec(name) ?? [];
    const folder = { model: "models", build: "build" }[group ?? ""] ?? command;
    const expected = `scripts/${folder}/${command}.ts`.replaceAll("dev", "start");
    // `prepare` runs several programs; every other command runs one.
    expect(file).toMatch(name === "prepare" ? /^scripts\/prepare\/[\w-]+\.ts$/ : expected);
  }
});

describe.concurrent.each(own)("%s: node %j", { timeout: 120_000 }, (name, typed) => {
  it("answers --help", async () => {
    const { code, stdout, stderr } = await run(...typed, "--help");
    expect([code, stderr]).toEqual([0, ""]);
    const [usage = "", blank, about = "", ...rest] = stdout.split("\n");
    expect(usage).toMatch(/^usage: (?:npm|node) /);
    // The programs of `prepare` have no npm command of their own, and `dev` is a form of `start`.
    expect(usage).toContain(usage.startsWith("usage: npm run ") ? `npm run ${name}` : "usage: n");
    expect([blank, about.length > 20]).toEqual(["", true]);
    expect(rest.join("\n")).toMatch(/^ {2}--help +this text$/m);
  });

  it("refuses a flag that it does not have", async () => {
    const outcome = await run(...typed, "--no-such-flag");
    expect(expectUsage(outcome, name)).toBe("Unknown option '--no-such-flag'");
  });
});

describe.concurrent("a wrong value", { timeout: 120_000 }, () => {
  it.each([
    ["scripts/start/start.ts --port 99999", 'the port is a whole number from 1 to 65535, not "99999"'],
    ["scripts/start/start.ts --access everybody", '--access is open, public or keys, not "everybody"'],
    [
      "scripts/start/start.ts --port 18787 --model no-such-model",
      /^no-such-model is no folder of a built model, no repository/,
    ],
    [
      "scripts/start/start.ts --port 18788 --model test/no-such-model",
      /^test\/no-such-model is no folder of a built model/,
    ],
    ["scripts/start/start.ts --port 18789 --model test", /^test holds no built model/],
    ["scripts/models/push.ts", "<folder> … is missing"],
    ["scripts/keys/keys.ts made", 'the command is create, list or revoke, not "made"'],
    ["scripts/keys/keys.ts create", /^--account is missing/],
    ["scripts/keys/keys.ts create --account a --tier gold", '--tier is free, standard or high, not "gold"'],
    ["scripts/keys/keys.ts create --account a --expires soon", /^--expires is hours/],
    ["scripts/keys/keys.ts revoke", /^<id> is missing/],
    ["scripts/models/build.ts x --precision int4", '--precision is int8 or fp32, not "int4"'],
    ["scripts/models/build.ts x --image-size big", '--image-size is a whole number from 1, not "big"'],
    ["scripts/models/build.ts x --floor 1.5", "--floor is 1.5; it is a cosine below 1"],
    ["scripts/models/build.ts package.json", /^--id is missing/],
    ["scripts/models/verify.ts model-shards/edgeclip-demo", "--checkpoint is missing"],
    ["scripts/retrieval/retrieval.ts find fox", 'the command is index or search, not "find"'],
    ["scripts/retrieval/retrieval.ts search fox --count few", '--count is a whole number from 1, not "few"'],
    ["scripts/build/synthetic.ts huge out", /^the model is .*, not "huge"/],
    ["scripts/models/pull.ts one two", '"two" is one argument too many'],
    ["test/bench/run.ts --only nothing", /^--only is .*, not "nothing"/],
    ["test/bench/memory.ts tall", /^a size is a whole number/],
    ["test/bench/memory.ts 320 384 tall", /^a size is a whole number/],
    ["test/attack/fuzz.ts many", /^the number of requests is a whole number/],
    ["test/load/soak.ts --minutes long", /^--minutes is a whole number/],
  ])("node %s", async (typed, line) => {
    expect(expectUsage(await run(...typed.split(" ")), typed)).toMatch(line);
  });
});

describe.concurrent("what fails while it runs is one line", { timeout: 120_000 }, () => {
  it.each([
    [
      "scripts/models/build.ts no/such-thing",
      /no such file or folder, and nothing that "npm run model:pull"/,
    ],
    [
      "scripts/models/verify.ts test --checkpoint package.json",
      /^test holds no built model: there is no manifest\.json/,
    ],
    ["scripts/models/gc.ts", /--remote/],
    ["scripts/retrieval/retrieval.ts search fox --url http://127.0.0.1:9", /^nothing answers at .+: .+/],
    ["scripts/calibrate/calibrate.ts test/fixtures --url http://127.0.0.1:9", /^nothing answers at .+: .+/],
    ["scripts/doctor/doctor.ts --url http://127.0.0.1:9", /^nothing answers at .+: .+/],
    ["scripts/models/pull.ts ../name", /^"\.\.\/name" is no repository/],
  ])("node %s", async (typed, line) => {
    const { code, stderr } = await run(...typed.split(" "));
    expect([code, stderr.trimEnd().split("\n").length], stderr).toEqual([1, 1]);
    expect(stderr).toMatch(line);
  });
});

it.concurrent.each([["scripts/scale/scale.ts"], ["scripts/models/list.ts"]])(
  "node %s ends without a word when nobody reads what it prints",
  { timeout: 120_000 },
  async (file) => {
    const env = { ...process.env, EDGECLIP_STATE: join(states, String(++runs)) };
    const child = spawn(process.execPath, [file], { cwd: ROOT, env });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.stdout.destroy();
    const [code] = (await once(child, "close")) as [number];
    expect([code, stderr]).toEqual([141, ""]);
  },
);
