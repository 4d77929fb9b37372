/**
 * Tests the linter's rules about imports, which `npm run check` runs. The test adds files with forbidden imports to a
 * copy of the project's folders, and the linter must refuse each. The folders are read from the project, so a new
 * folder without rules fails here.
 */
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const FUNCTIONS = join(ROOT, "functions");
/** Folders that all Workers may import. */
const SHARED = [
  "adapter",
  "runtime",
  "batches",
  "embed",
  "files",
  "json",
  "label-sets",
  "usage",
  "vector-stores",
];
/** The gateway's folders, from the top of `docs/architecture.md` to the bottom. */
const LAYERS = [
  ["middleware", "routes", "lines"],
  ["label-sets", "stores", "embed", "uploads", "coalesced-calls", "report"],
  ["schemas", "openapi"],
  ["images", "body", "keys", "models", "templates", "score", "vectors"],
];
/** Files of the gateway that are above all of its folders. */
const TOP = ["index.ts", "app.ts", "towers-entrypoint.ts", "lines-entrypoint.ts"];

const entries = await readdir(FUNCTIONS, { withFileTypes: true });
const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
const workers = folders.filter((name) => !SHARED.includes(name));
const gateway = await readdir(join(FUNCTIONS, "gateway"), { withFileTypes: true });
const gatewayFolders = gateway.filter((entry) => entry.isDirectory()).map(({ name }) => name);
const leaves = gateway
  .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !TOP.includes(entry.name))
  .map(({ name }) => name);

let copy: string;

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), "import-rules-"));
  // The project's rules, without those that need types: these would need the project's TypeScript configuration.
  const config = `import config from ${JSON.stringify(join(ROOT, "oxlint.config.ts"))};
export default { ...config, options: { typeAware: false }, ignorePatterns: ["oxlint.config.ts"] };`;
  await writeFile(join(copy, "oxlint.config.ts"), config);
});

afterAll(async () => {
  await rm(copy, { recursive: true });
});

interface Diagnostic {
  code: string;
  message: string;
  filename: string;
}

/**
 * Lints these files in the copy, which contains no other files.
 * @param files the files' text, by path
 * @returns for each file, the rules that it breaks
 */
async function lint(
  files: Readonly<Record<string, string>>,
): Promise<{ status: number | null; rules: Map<string, string[]> }> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(copy, path)), { recursive: true });
    await writeFile(join(copy, path), text);
  }
  const oxlint = join(ROOT, "node_modules/oxlint/bin/oxlint");
  const { status, stdout, stderr } = spawnSync(process.execPath, [oxlint, "--format=json"], {
    cwd: copy,
    encoding: "utf8",
    maxBuffer: 1e8,
  });
  for (const path of Object.keys(files)) await rm(join(copy, path));
  if (!stdout.startsWith("{")) throw new Error(`oxlint: ${stdout}${stderr}`);
  const rules = new Map<string, string[]>();
  for (const { filename, code } of (JSON.parse(stdout) as { diagnostics: Diagnostic[] }).diagnostics) {
    rules.set(filename, [...(rules.get(filename) ?? []), code]);
  }
  return { status, rules };
}

/** Source of a file `from` that imports a type from `to`. */
function importing(from: string, to: string): string {
  const path = relative(dirname(from), to);
  return `import type { Planted } from "${path.startsWith(".") ? path : `./${path}`}";\n\nexport type Again = Planted;\n`;
}

const PLANTED = "export interface Planted {\n  value: number;\n}\n";

/** Lints all forbidden imports at once, each in a file of its own. @returns those that passed */
async function passed(pairs: readonly (readonly [from: string, to: string])[]): Promise<string[]> {
  const files: Record<string, string> = {};
  const names = pairs.map(([from, to], index) => {
    const name = from.endsWith(".ts") ? from : `${from}/planted-${index}.ts`;
    files[name] = importing(name, `${to}/target.ts`);
    files[`${to}/target.ts`] = PLANTED;
    return name;
  });
  const { status, rules } = await lint(files);
  expect(status).toBe(1);
  return names.filter((name) => !rules.get(name)?.includes("eslint(no-restricted-imports)"));
}

describe("the linter refuses", () => {
  it("a circle, even one of types alone", async () => {
    const [one, other] = ["functions/runtime/one.ts", "functions/runtime/other.ts"];
    const straight = { [one]: importing(one, other), [other]: PLANTED };
    expect(await lint(straight)).toEqual({ status: 0, rules: new Map() });
    const circle = { [one]: importing(one, other), [other]: `${importing(other, one)}\n${PLANTED}` };
    const { status, rules } = await lint(circle);
    expect(status).toBe(1);
    expect(rules.get(one)).toEqual(["import(no-cycle)"]);
    expect(rules.get(other)).toEqual(["import(no-cycle)"]);
  });

  it("every import upward in the gateway, from each folder that it has", async () => {
    expect(LAYERS.flat().toSorted()).toEqual(gatewayFolders.toSorted());
    const pairs = LAYERS.flatMap((row, index) =>
      row.flatMap((folder) =>
        LAYERS.slice(0, index)
          .flat()
          .flatMap((above) => [
            [`functions/gateway/${folder}`, `functions/gateway/${above}`] as const,
            [`functions/gateway/${folder}/below`, `functions/gateway/${above}/below`] as const,
          ]),
      ),
    );
    expect(pairs.length).toBeGreaterThan(80);
    expect(await passed(pairs)).toEqual([]);
  });

  it("imports of folders in the gateway's leaves", async () => {
    expect(leaves).toContain("bindings.ts");
    const pairs = leaves.map((leaf) => [`functions/gateway/${leaf}`, "functions/gateway/keys"] as const);
    expect(await passed(pairs)).toEqual([]);
  });

  it("imports of another Worker's folder, from each folder that there is", async () => {
    expect(workers).toContain("decoder");
    const pairs = folders.flatMap((from) =>
      workers
        .filter((to) => to !== from)
        .map((to) => [`functions/${from}/inside`, `functions/${to}`] as const),
    );
    expect(await passed(pairs)).toEqual([]);
  });

  it("imports against functions → model-shards ← build", async () => {
    const pairs = [
      ...folders.map((folder) => [`functions/${folder}`, "build/onnx"] as const),
      ...folders.map((folder) => [`functions/${folder}`, "scripts/models"] as const),
      ["build/onnx", "functions/runtime"],
      ["build/onnx", "scripts/models"],
      ["model-shards", "functions/runtime"],
      ["model-shards", "build/onnx"],
      ["scripts/models", "test/support"],
    ] as const;
    expect(await passed(pairs)).toEqual([]);
  });

  it("onnxruntime-web anywhere but in functions/runtime/ort", async () => {
    const text = 'export * from "onnxruntime-web";\n';
    const door = "functions/runtime/ort/door.ts";
    const others = ["functions/runtime/simd/a.ts", "functions/vision/b.ts", "build/c.ts", "scripts/d.ts"];
    const { rules } = await lint(Object.fromEntries([door, ...others].map((name) => [name, text])));
    expect([...rules.keys()].toSorted()).toEqual(others.toSorted());
  });
});

it("lets pass what points downward", async () => {
  const pairs: [string, string][] = [
    ["functions/gateway/routes/a.ts", "functions/gateway/middleware/target.ts"],
    ["functions/gateway/routes/b.ts", "functions/gateway/label-sets/target.ts"],
    ["functions/gateway/label-sets/c.ts", "functions/label-sets/target.ts"],
    ["functions/gateway/label-sets/d.ts", "functions/gateway/embed/target.ts"],
    ["functions/gateway/schemas/e.ts", "functions/gateway/images/target.ts"],
    ["functions/jobs/f.ts", "functions/embed/target.ts"],
    ["functions/vision/g.ts", "functions/runtime/target.ts"],
    ["functions/runtime/h.ts", "model-shards/target.ts"],
    ["build/onnx/i.ts", "model-shards/target.ts"],
    ["scripts/models/j.ts", "functions/gateway/keys/target.ts"],
  ];
  const files = Object.fromEntries(
    pairs.flatMap(([from, to]) => [[from, importing(from, to)] as const, [to, PLANTED] as const]),
  );
  expect(await lint(files)).toEqual({ status: 0, rules: new Map() });
});
