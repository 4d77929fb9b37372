import { configDefaults, defineConfig } from "vitest/config";
import { LONG_TESTS } from "./test/long-tests.ts";

const ALL = ["test/**/*.test.ts"];
/** Whoever names files wants these, however long they take. */
const namesFiles = process.argv.slice(2).some((argument) => argument.startsWith("test/"));

/** `npm test` runs all but the long tests; `--mode=long` runs these alone. */
export default defineConfig(({ mode }) => ({
  test: {
    include: mode === "long" ? LONG_TESTS : ALL,
    exclude: [...configDefaults.exclude, ...(mode === "long" || namesFiles ? [] : LONG_TESTS)],
    globalSetup: "test/support/bundle-workers.ts",
    // Tests start real workerd processes and run real models; two cores cannot do much at once.
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 240_000,
  },
}));
