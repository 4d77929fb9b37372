/**
 * Sums what the answered lines of a part have cost, for each model and outcome. Whoever stores the answers records it.
 */
import type { LinesUsage } from "../../batches/lines-rpc.ts";
import type { BatchLine } from "../middleware/gateway-env.ts";

export function usageOfLines(lines: readonly BatchLine[]): LinesUsage[] {
  const groups = Map.groupBy(lines, ({ answeredBy, errorCode, status }) =>
    JSON.stringify([String(status ?? ""), errorCode ?? "", answeredBy ?? ""]),
  );
  return [...groups].map(([key, group]) => {
    const [status = "", errorCode = "", model = ""] = JSON.parse(key) as string[];
    const sum = (field: "images" | "cachedImages" | "tokens" | "cachedTokens"): number =>
      group.reduce((total, { usage }) => total + (usage?.[field] ?? 0), 0);
    return {
      status,
      errorCode,
      model,
      lines: group.length,
      images: sum("images"),
      cachedImages: sum("cachedImages"),
      tokens: sum("tokens"),
      cachedTokens: sum("cachedTokens"),
    };
  });
}
