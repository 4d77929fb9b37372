/** What an object with too much to do is asked: workerd cannot be made to say that it has, so a stand-in says it. */
import { expect, it } from "vitest";
import { AccountFiles, type FileBindings } from "../../functions/files/account-files.ts";

it.each([
  ["once if it has too much to do", { overloaded: true, retryable: true }, 1],
  ["twice if it was moved or restarted", { retryable: true }, 2],
])("an account's object is asked %s", async (_, properties, times) => {
  let asked = 0;
  const list = async (): Promise<never> => {
    asked++;
    return await Promise.reject(Object.assign(new Error("no answer"), properties));
  };
  const ACCOUNTS = { getByName: () => ({ list }) };
  const files = new AccountFiles({ ACCOUNTS } as unknown as FileBindings, "an account");
  const query = { after: null, limit: 10, order: "asc", purpose: null } as const;
  await expect(files.list(query)).rejects.toMatchObject({ code: "overloaded" });
  expect(asked).toBe(times);
});
