/** The tests that do not need Workers, for `npx stryker run test/mutation/stryker.config.json`. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: [
      "test/access/api-key.test.ts",
      "test/adapter/adapter.test.ts",
      "test/gateway/{core-values,lift-strings,list,output-types,url-policy}.test.ts",
      "test/gateway/{request-schemas,rival-scores,schemas,scores,seal,store-schemas,tool-schemas,without-nulls}.test.ts",
      "test/jobs/{check-line,part-cutter,read-lines}.test.ts",
      "test/runtime/{deadline,model-store,plan-stages,small-parts}.test.ts",
      "test/search/{best-rows,open-rows,pack-queries,page-memory}.test.ts",
      "test/tokenizer/{byte-pair-encode,cleaning,merge-table,reference}.test.ts",
      "test/vector-stores/{filters,quantize-row,segment-parts}.test.ts",
    ],
    // These tests start processes of their own.
    testNamePattern: "^(?!npm run keys)",
    testTimeout: 60_000,
  },
});
