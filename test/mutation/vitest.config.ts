/** The tests that do not need Workers, for `npx stryker run test/mutation/stryker.config.json`. */
import { defineConfig } from "vitest/config";

/** Tests that start processes of their own, or take seconds. */
const LEFT_OUT = [
  "npm run keys",
  "holds a few texts' rows each",
  "a cache that gives damaged bytes too late",
];

export default defineConfig({
  test: {
    include: [
      "test/access/{address-block,api-key}.test.ts",
      "test/adapter/adapter.test.ts",
      "test/decoder/decoder-queue.test.ts",
      "test/gateway/{call-coalescer,coalesced-calls,living-page,url-policy}.test.ts",
      "test/gateway/body/{fair-order,fields-of-json,lift-strings}.test.ts",
      "test/gateway/embed/{checksum,kv-writes,matrix-memory,prompt-room}.test.ts",
      "test/gateway/images/{fetch-slots,is-behind}.test.ts",
      "test/gateway/schemas/*.test.ts",
      "test/gateway/score/{answer-room,cosine-and-softmax,none-scores,output-types,rank-sets,scores}.test.ts",
      "test/jobs/{check-input,check-line,part-cutter,read-lines,sweep-marks}.test.ts",
      "test/json/*.test.ts",
      "test/label-sets/{label-names,plan,under-name}.test.ts",
      "test/runtime/{account-path,admission,byte-reader,compute-queue,concat-bytes,deadline}.test.ts",
      "test/runtime/{exponential-backoff,memory-cache,model-reference,plan-stages,priority-queue}.test.ts",
      "test/runtime/{text-rows,unit-length,wait-for-room}.test.ts",
      "test/runtime/model-store/*.test.ts",
      "test/search/{best-rows,open-rows,pack-queries,page-memory,store-view}.test.ts",
      "test/state/page-range.test.ts",
      "test/tokenizer/{byte-pair-encode,cleaning,merge-table,reference}.test.ts",
      "test/vector-stores/{filters,quantize-row,segment-parts}.test.ts",
    ],
    testNamePattern: `^(?!${LEFT_OUT.join("|")})`,
    testTimeout: 60_000,
  },
});
