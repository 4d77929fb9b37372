/** The linter's rules. The second half says who may import whom, types included, so that nobody has to remember it. */
import { defineConfig } from "oxlint";

const WORKERS = ["gateway", "jobs", "decoder", "vision", "text", "search", "state", "shards", "page"];

/** The gateway's layers, the highest first. A file imports from its own row and from those below. */
const LAYERS = [
  ["middleware", "routes", "lines"],
  ["label-sets", "stores", "embed", "uploads", "coalesced-calls", "report"],
  ["schemas", "openapi"],
  ["images", "body", "keys", "models", "templates", "score", "vectors"],
];
/** The files that stand above all folders; every other file beside them is a leaf. */
const TOP = "{index,app,lines-entrypoint,towers-entrypoint}";

/** What Workers share, beside `functions/runtime`, and the Workers. */
const ABOVE_RUNTIME = [
  ...WORKERS,
  "label-sets",
  "embed",
  "files",
  "batches",
  "json",
  "adapter",
  "vector-stores",
  "usage",
];

const ONE_WAY = "imports point one way: functions → model-shards ← build";
const NO_NEIGHBOR = "a Worker's folder imports no other Worker's";
const NOT_UPWARD = "in the gateway nothing imports upward, see docs/architecture.md";

const outOfFunctions = leadingTo(["build", "scripts", "test"], ONE_WAY);
const outOfGateway = leadingTo(othersThan("gateway"), NO_NEIGHBOR);
const onnxruntime = {
  regex: "^onnxruntime-web|/ort\\.mjs$",
  message: "only functions/runtime/ort imports onnxruntime-web",
};

export default defineConfig({
  plugins: ["typescript", "unicorn", "import", "vitest"],
  categories: { correctness: "error", suspicious: "error" },
  options: { typeAware: true },
  rules: {
    "typescript/no-floating-promises": "error",
    "typescript/no-misused-promises": "error",
    "typescript/await-thenable": "error",
    "typescript/no-unsafe-type-assertion": "off",
    "no-underscore-dangle": "off",
    "vitest/valid-expect": ["error", { maxArgs: 2 }],
    "typescript/no-unnecessary-type-assertion": "off",
    "import/no-cycle": ["error", { ignoreTypes: false }],
  },
  // The last that fits a file decides.
  overrides: [
    noImports("model-shards/**", leadingTo(["functions", "build", "scripts", "test"], ONE_WAY), onnxruntime),
    noImports("build/**", leadingTo(["functions", "scripts", "test"], ONE_WAY), onnxruntime),
    noImports("scripts/**", leadingTo(["test"], "what is tested does not import its tests"), onnxruntime),
    noImports(
      "functions/**",
      outOfFunctions,
      leadingTo(WORKERS, "what Workers share imports no Worker's folder"),
      onnxruntime,
    ),
    noImports(
      "functions/runtime/**",
      outOfFunctions,
      leadingTo(ABOVE_RUNTIME, "functions/runtime knows nothing above it"),
      onnxruntime,
    ),
    noImports(
      "functions/runtime/ort/**",
      outOfFunctions,
      leadingTo(ABOVE_RUNTIME, "functions/runtime knows nothing above it"),
    ),
    ...WORKERS.map((worker) =>
      noImports(
        `functions/${worker}/**`,
        outOfFunctions,
        leadingTo(othersThan(worker), NO_NEIGHBOR),
        onnxruntime,
      ),
    ),
    noImports("functions/gateway/*.ts", outOfFunctions, outOfGateway, onnxruntime, {
      regex: "^\\./.+/",
      message: NOT_UPWARD,
    }),
    noImports(`functions/gateway/${TOP}.ts`, outOfFunctions, outOfGateway, onnxruntime),
    ...LAYERS.flatMap((folders, row) =>
      folders.map((folder) =>
        noImports(
          `functions/gateway/${folder}/**`,
          outOfFunctions,
          outOfGateway,
          onnxruntime,
          leadingTo(LAYERS.slice(0, row).flat(), NOT_UPWARD),
        ),
      ),
    ),
  ],
  ignorePatterns: [".generated/**", "**/kernels/**"],
});

interface Forbidden {
  regex: string;
  message: string;
}

/** Imports are relative, so a folder's name in one tells where it leads. */
function leadingTo(folders: readonly string[], message: string): Forbidden {
  return { regex: folders.length === 0 ? "^$" : `^\\.\\.?/(.+/)?(${folders.join("|")})/`, message };
}

function noImports(
  files: string,
  ...patterns: Forbidden[]
): { files: string[]; rules: Record<string, ["error", { patterns: Forbidden[] }]> } {
  return { files: [files], rules: { "no-restricted-imports": ["error", { patterns }] } };
}

function othersThan(worker: string): string[] {
  return WORKERS.filter((each) => each !== worker);
}
