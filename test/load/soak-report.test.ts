/** What the soak test takes for a fault: memory above the limit, and memory that grows. */
import { describe, expect, it } from "vitest";
import { faultsOf } from "./soak-report.ts";

const good = {
  errors: new Map<string, number>(),
  held: new Map([["edgeclip", [20e6, 120e6, 60e6]]]),
  kept: new Map([["edgeclip", [5e6, 20e6, 24e6]]]),
};

describe("faultsOf", () => {
  it("has nothing to say of memory that comes and goes, up to the limit", () => {
    expect(faultsOf(good)).toEqual([]);
  });

  it.each([
    [
      "a wrong answer",
      { errors: new Map([["classify: 500 server_error", 2]]) },
      "2 × classify: 500 server_error",
    ],
    [
      "an isolate above the limit",
      { held: new Map([["edgeclip", [20e6, 120.1e6]]]) },
      "edgeclip held 120.1 MB",
    ],
    [
      "memory that grows from halfway to the end",
      { kept: new Map([["edgeclip", [5e6, 20e6, 25.1e6]]]) },
      "edgeclip kept 20 MB halfway and 25.1 MB at the end",
    ],
    [
      "memory that was not measured at the end",
      { kept: new Map([["edgeclip", [5e6, 20e6]]]) },
      "edgeclip kept 20 MB halfway and NaN MB at the end",
    ],
  ])("names %s", (_, change, fault) => {
    expect(faultsOf({ ...good, ...change })).toEqual([fault]);
  });
});
