/** The tests that do not need Workers, for `npx stryker run test/mutation/stryker.config.json`. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: [
      "test/access/api-key.test.ts",
      "test/adapter/adapter.test.ts",
      "test/gateway/url-policy.test.ts",
      "test/gateway/body/lift-strings.test.ts",
      "test/gateway/embed/checksum.test.ts",
      "test/gateway/schemas/*.test.ts",
      "test/gateway/score/{cosine-and-softmax,none-scores,output-types,scores}.test.ts",
      "test/jobs/{check-line,part-cutter,read-lines}.test.ts",
      "test/json/*.test.ts",
      "test/runtime/{account-path,concat-bytes,deadline,exponential-backoff}.test.ts",
      "test/runtime/{model-reference,plan-stages,priority-queue,unit-length}.test.ts",
      "test/runtime/model-store/*.test.ts",
      "test/search/{best-rows,open-rows,pack-queries,page-memory}.test.ts",
      "test/state/page-range.test.ts",
      "test/tokenizer/{byte-pair-encode,cleaning,merge-table,reference}.test.ts",
      "test/vector-stores/{filters,quantize-row,segment-parts}.test.ts",
    ],
    // These tests start processes of their own.
    testNamePattern: "^(?!npm run keys)",
    testTimeout: 60_000,
  },
});
