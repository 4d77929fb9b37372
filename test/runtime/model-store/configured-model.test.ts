/** Which texts name the model that a deployment serves. */
import { describe, expect, it } from "vitest";
import { configuredModel } from "../../../functions/runtime/model-store/configured-model.ts";
import { refusal } from "./support/stored-objects.ts";

describe("configuredModel", () => {
  it("takes <alias>@<revision>", () => {
    expect(configuredModel("base_w-1.5@0123456789abcdef")).toEqual({
      alias: "base_w-1.5",
      revision: "0123456789abcdef",
      prefix: "base_w-1.5/0123456789abcdef",
    });
  });

  it.each([
    undefined,
    "",
    "demo",
    "@0123456789abcdef",
    "demo@0123456789abcde",
    "demo@0123456789abcdef0",
    "demo@0123456789ABCDEF",
    "Demo@0123456789abcdef",
    "-demo@0123456789abcdef",
    "de/mo@0123456789abcdef",
    " demo@0123456789abcdef",
    "demo@0123456789abcdef ",
  ])("refuses %s", async (model) => {
    expect(await refusal((async () => configuredModel(model))())).toEqual([
      "not_configured",
      "the variable MODEL must be <alias>@<revision>",
    ]);
  });
});
