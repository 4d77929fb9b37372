/** How the expiry of a key is typed and shown. */
import { describe, expect, it } from "vitest";
import { parseExpiry, showExpiry } from "../../scripts/keys/expiry.ts";

const NOW = Date.parse("2026-11-26T10:00:00Z") / 1000;
const DAY = 24 * 3600;

describe("--expires", () => {
  it.each([
    ["12h", 12 * 3600],
    ["1h", 3600],
    ["90d", 90 * DAY],
    ["2026-11-27", 14 * 3600],
    ["2028-02-29", Date.parse("2028-02-29") / 1000 - NOW],
    ["2026-11-26T12:30Z", 2.5 * 3600],
    ["2026-11-26T12:30:30+02:00", 1830],
  ])("%s is %i seconds from now", (text, seconds) => {
    expect(parseExpiry(text, NOW)).toBe(seconds);
  });

  it.each([
    "",
    "soon",
    "0d",
    "-1d",
    "12",
    "1.5h",
    "90 d",
    "2027-02-29",
    "2027-13-01",
    "27-01-01",
    "2026-11-27T10:00",
  ])('refuses "%s"', (text) => {
    expect(() => parseExpiry(text, NOW)).toThrow(/--expires is hours \(12h\), days \(90d\) or a date/);
  });

  it.each(["2026-11-26", "2020-01-01", "2026-11-26T10:00Z"])("refuses %s, which is in the past", (text) => {
    expect(() => parseExpiry(text, NOW)).toThrow(`--expires ${text} is in the past`);
  });

  it("is shown with its time where that matters", () => {
    expect(showExpiry(null, NOW)).toBe("expires never");
    expect(showExpiry(NOW + 12 * 3600, NOW)).toBe("expires 2026-11-26 22:00 UTC");
    expect(showExpiry(NOW + 90 * DAY, NOW)).toBe("expires 2027-02-24");
    expect(showExpiry(NOW - 1, NOW)).toBe("expired 2026-11-26");
  });
});
