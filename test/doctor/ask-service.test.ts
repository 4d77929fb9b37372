/** What the doctor says of a request that fails. */
import { afterEach, expect, it, vi } from "vitest";
import { asked, askService } from "../../scripts/doctor/ask-service.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

it("an error names the address without its query", async () => {
  vi.stubGlobal("fetch", async () => new Response("no", { status: 500 }));
  const service = { url: "https://edgeclip.example.com", key: "sk" };
  const path = "/v1/operator/report?part=label_sets&after=accounts/secret/ls_1";
  expect(await asked(() => askService(service, path))).toEqual({
    error: "/v1/operator/report answers 500: no",
  });
});
