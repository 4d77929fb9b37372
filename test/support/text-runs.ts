/** What the text tower has done. */
import type { Workers } from "./workers.ts";

/** How many texts the text tower has computed so far. */
export async function textRuns(workers: Pick<Workers, "probe">): Promise<number> {
  const response = await workers.probe("/stats", new Uint8Array());
  return ((await response.json()) as { text: { runs: number } }).text.runs;
}
