/** What a person is told of an error, of the network too. */
import { expect, test } from "vitest";
import { messageOf } from "../../build/command-line/message-of.ts";

const refused = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:9"), { code: "ECONNREFUSED" });

test.each([
  ["an error", new Error("the file is empty"), "the file is empty"],
  ["what is no error", "stopped", "stopped"],
  [
    "a failed request",
    new TypeError("fetch failed", { cause: refused }),
    "fetch failed: connect ECONNREFUSED 127.0.0.1:9",
  ],
  [
    "a request that several addresses refused",
    new TypeError("fetch failed", {
      cause: Object.assign(new AggregateError([refused, refused]), { code: "ECONNREFUSED" }),
    }),
    "fetch failed: ECONNREFUSED",
  ],
])("%s", (_, error, message) => {
  expect(messageOf(error)).toBe(message);
});
