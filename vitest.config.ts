import { configDefaults, defineConfig } from "vitest/config";
import { LONG_TESTS, SLOWEST_TESTS } from "./test/long-tests.ts";

const ALL = ["test/**/*.test.ts"];
/** Whoever names files wants these, however long they take. */
const namesFiles = process.argv.slice(2).some((argument) => argument.startsWith("test/"));

/** What `--mode` runs; `npm test` runs all but that. */
const MODES: Record<string, { include: string[]; exclude: string[] } | undefined> = {
  long: { include: LONG_TESTS, exclude: SLOWEST_TESTS },
  slowest: { include: SLOWEST_TESTS, exclude: [] },
};
const NORMAL = { include: ALL, exclude: namesFiles ? [] : [...LONG_TESTS, ...SLOWEST_TESTS] };

export default defineConfig(({ mode }) => ({
  test: {
    include: (MODES[mode] ?? NORMAL).include,
    exclude: [...configDefaults.exclude, ...(MODES[mode] ?? NORMAL).exclude],
    globalSetup: "test/support/bundle-workers.ts",
    // Tests start real workerd processes and run real models; two cores cannot do much at once.
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 240_000,
  },
}));
