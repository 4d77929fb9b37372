/** The tests that do not need Workers, for `npx stryker run test/mutation/stryker.config.json`. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: [
      "test/access/api-key.test.ts",
      "test/gateway/{core-values,references,request-schemas,schemas,scores,seal,url-policy,lift-strings}.test.ts",
      "test/runtime/{deadline,model-store,plan-stages}.test.ts",
      "test/tokenizer/{byte-pair-encode,cleaning,reference}.test.ts",
    ],
    // These tests start processes of their own.
    testNamePattern: "^(?!npm run keys)",
    testTimeout: 20_000,
  },
});
