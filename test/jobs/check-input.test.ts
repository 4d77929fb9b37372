/** A whole input, as it is checked: what makes it too much, blank lines included. */
import { expect, it, vi } from "vitest";
import type { NewBatch, Work } from "../../functions/batches/batch-state-rpc.ts";
import { checkInput } from "../../functions/jobs/batches/check-input.ts";
import { HeldWork } from "../../functions/jobs/held-work.ts";
import type { JobsBindings } from "../../functions/jobs/jobs-bindings.ts";

const { open } = vi.hoisted(() => ({ open: vi.fn<() => Promise<{ body: unknown }>>() }));

vi.mock("../../functions/files/account-files.ts", () => ({
  AccountFiles: class {
    blobs = { open };
  },
}));

const LINE = JSON.stringify({
  custom_id: "a",
  method: "POST",
  url: "/v1/embeddings",
  body: { input: "fox" },
});
const WORK = {
  kind: "check",
  batch: { account: "a", id: "batch_1", endpoint: "/v1/embeddings", inputFile: "file-1" } as NewBatch,
  token: "token",
} satisfies Work;

/** What the batch's object is told of an input. */
async function told(text: string): Promise<unknown[][]> {
  const calls: unknown[][] = [];
  const noted =
    (name: string) =>
    async (_token: string, ...parameters: unknown[]): Promise<boolean> => {
      calls.push([name, ...parameters]);
      return true;
    };
  const names = ["addParts", "checked", "refused", "release"];
  const state = Object.fromEntries(names.map((name) => [name, noted(name)]));
  open.mockResolvedValue({ body: new Blob([text]).stream() });
  await checkInput(WORK, new HeldWork(state as never, "token"), {} as JobsBindings);
  return calls;
}

it("is refused for its blank lines, and not read to the end", async () => {
  const error = { code: "too_many_items", message: "a batch has at most 50000 blank lines", param: null };
  expect(await told(`${"\n".repeat(200_000)}${LINE}`)).toEqual([["refused", [{ ...error, line: 50_001 }]]]);
  expect(await told(`wrong\n${" \r\n".repeat(60_000)}`)).toEqual([["refused", [{ ...error, line: 50_002 }]]]);
});

it("is right with as many blank lines as lines may be", async () => {
  const part = { offset: 50_000, bytes: LINE.length, customIds: ["a"] };
  expect(await told(`${"\n".repeat(50_000)}${LINE}`)).toEqual([
    ["addParts", 1, [part]],
    ["checked", 1],
  ]);
});

it("is empty if it has nothing but blank lines", async () => {
  expect(await told("\n\n")).toEqual([["refused", [expect.objectContaining({ code: "empty_file" })]]]);
});
