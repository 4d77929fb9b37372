/** Errors about a label set name it as the request did, and by its id. */
import { expect, it } from "vitest";
import { underName } from "../../functions/gateway/label-sets/under-name.ts";
import { ServiceError } from "../../functions/runtime/errors.ts";

const ID = `ls_${"0a".repeat(16)}`;

it.each([
  [
    new ServiceError("label_set_not_found", `there is no label set "${ID}"`, { param: "label_set" }),
    `there is no label set "animals" (${ID})`,
  ],
  [
    new ServiceError("label_set_model_mismatch", `the label set ${ID} has examples`),
    `the label set "animals" (${ID}) has examples`,
  ],
  [
    new ServiceError(
      "model_unavailable",
      `the label set ${ID} is being computed; GET /v1/label_sets/${ID} shows it`,
    ),
    `the label set "animals" (${ID}) is being computed; GET /v1/label_sets/${ID} shows it`,
  ],
])("%s", (error, message) => {
  const named = underName(error, "animals", ID) as ServiceError;
  expect(named.message).toContain(message);
  expect([named.code, named.param]).toEqual([error.code, error.param]);
  expect(underName(error, ID, ID)).toBe(error);
});

it("leaves other errors as they are", () => {
  const other = new ServiceError("overloaded", "too many requests", { param: "images[0]" });
  expect(underName(other, "animals", ID)).toBe(other);
  const unknown = new TypeError(ID);
  expect(underName(unknown, "animals", ID)).toBe(unknown);
});
