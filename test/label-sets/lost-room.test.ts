/** A request that loads for others loses its room: another of them takes the load over. */
import { scheduler } from "node:timers/promises";
import type { Context } from "hono";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Share } from "../../functions/gateway/body/body-share.ts";
import { BODY_ROOM, bytesInFlight } from "../../functions/gateway/body/bytes-in-flight.ts";
import { KeyedLoads } from "../../functions/gateway/label-sets/keyed-loads.ts";
import { withDefinition } from "../../functions/gateway/label-sets/with-definition.ts";
import type { GatewayEnv } from "../../functions/gateway/middleware/gateway-env.ts";
import { embedContext } from "../../functions/gateway/routes/request/embedding-context.ts";
import type { Hold } from "../../functions/label-sets/checksummed-objects.ts";
import type { SetStore } from "../../functions/label-sets/set-store.ts";
import type { Manifest } from "../../model-shards/manifest.ts";
import { ServiceError } from "../../functions/runtime/errors.ts";
import { provideScheduler } from "../../scripts/towers/provide-scheduler.ts";

vi.mock("../../functions/gateway/models/served-models.ts", () => ({ towersOf: () => ({}) }));
// Workers have this function.
provideScheduler();

const BYTES = 5_000_000;

/** Fills the room. */
let body: Share;

beforeEach(async () => {
  body = bytesInFlight.open(0);
  await body.growBy(BODY_ROOM.large);
});

afterEach(() => {
  body.release();
  vi.restoreAllMocks();
});

const LOADS: Record<string, (share: (own: Share) => void) => Promise<string>> = {
  "the definition": async (opened) => {
    const open = bytesInFlight.open.bind(bytesInFlight);
    vi.spyOn(bytesInFlight, "open").mockImplementation((most) => {
      const own = open(most);
      opened(own);
      return own;
    });
    const store = { definition: async (_: string, hold: Hold) => await hold(BYTES) };
    await withDefinition(store as unknown as SetStore, "ls_1", () => {}, { client: "a" });
    return "mine";
  },
  "the prompts of its labels": async (opened) => {
    const own = bytesInFlight.open(0);
    opened(own);
    const values: Record<string, unknown> = { share: own };
    const c = {
      get: (name: string) => values[name],
      req: { header: () => undefined, raw: { signal: { aborted: false } } },
    } as unknown as Context<GatewayEnv>;
    try {
      await embedContext(c, {} as Manifest).hold(BYTES);
    } finally {
      own.release();
    }
    return "mine";
  },
};

it.each(Object.entries(LOADS))("room for %s", async (_, load) => {
  const loads = new KeyedLoads<string>();
  let own: Share | undefined;
  const leading = loads.get(
    "a",
    () => load((share) => (own = share)),
    () => {},
  );
  leading.catch(() => {});
  const following = loads.get(
    "a",
    async () => "another",
    () => {},
  );
  await vi.waitUntil(() => own?.isWaiting);
  own?.lose();
  await expect(leading).rejects.toMatchObject({ code: "overloaded" });
  expect(await following).toBe("another");
});

async function fail(): Promise<string> {
  await scheduler.wait(30);
  throw new ServiceError("overloaded", "too many large label sets are in use at once; try again");
}

it("what fails for others too is not tried again by them", async () => {
  const loads = new KeyedLoads<string>();
  const leading = loads.get("a", fail, () => {});
  leading.catch(() => {});
  const following = loads.get(
    "a",
    async () => "another",
    () => {},
  );
  await expect(following).rejects.toMatchObject({ code: "overloaded" });
});

it("a request that takes a load over does it for new ones, too", async () => {
  const loads = new KeyedLoads<number>();
  let [begun, running] = [0, 0];
  const load = async (): Promise<number> => {
    if (begun++ === 0) await LOADS["the definition"]?.((share) => share.lose());
    running++;
    await scheduler.wait(200);
    return running;
  };
  const leading = loads.get("a", load, () => {});
  const following = loads.get("a", load, () => {});
  await expect(leading).rejects.toMatchObject({ code: "overloaded" });
  await vi.waitUntil(() => running === 1);
  const late = loads.get("a", load, () => {});
  expect(await Promise.all([following, late])).toEqual([1, 1]);
});
