import { defineConfig } from "vitest/config";

/** `npm run test:full`: the full-size model, one file after the other. */
export default defineConfig({
  test: {
    include: ["test/full/*.full.ts"],
    globalSetup: "test/support/bundle-workers.ts",
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
