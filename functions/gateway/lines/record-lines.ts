/** Records the cost of a part's lines, one data point for each model and outcome; `middleware/record-usage.ts` has the columns. */
import type { LinesRequest } from "../../batches/lines-rpc.ts";
import type { Bindings } from "../bindings.ts";
import type { BatchLine } from "../middleware/gateway-env.ts";

/** @param began milliseconds since 1970 */
export function recordLines(
  { USAGE }: Bindings,
  { account, keyId, tier, endpoint }: LinesRequest,
  lines: readonly BatchLine[],
  began: number,
): void {
  const groups = Map.groupBy(lines, ({ answeredBy, errorCode, status }) =>
    JSON.stringify([String(status ?? ""), errorCode ?? "", answeredBy ?? ""]),
  );
  for (const [key, group] of groups) {
    const [status = "", code = "", model = ""] = JSON.parse(key) as string[];
    const sum = (field: "images" | "cachedImages" | "tokens" | "cachedTokens"): number =>
      group.reduce((total, { usage }) => total + (usage?.[field] ?? 0), 0);
    USAGE?.writeDataPoint({
      indexes: [account],
      blobs: [keyId ?? "", tier, `/v1/batches${endpoint}`, status, code, model],
      doubles: [
        group.length,
        sum("images"),
        sum("cachedImages"),
        sum("tokens"),
        sum("cachedTokens"),
        Date.now() - began,
      ],
    });
  }
}
