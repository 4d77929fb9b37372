/** The definition of a stored set is read in room of the client that asks, and clients come in fair order. */
import { afterEach, expect, it } from "vitest";
import type { Share } from "../../functions/gateway/body/body-share.ts";
import { bytesInFlight } from "../../functions/gateway/body/bytes-in-flight.ts";
import { withDefinition } from "../../functions/gateway/label-sets/with-definition.ts";
import type { Hold } from "../../functions/label-sets/checksummed-objects.ts";
import type { SetStore } from "../../functions/label-sets/set-store.ts";
import { provideScheduler } from "../../scripts/towers/provide-scheduler.ts";

provideScheduler();

const MB = 1_000_000;
let opened: Share[] = [];

afterEach(() => {
  for (const share of opened) share.release();
  opened = [];
});

async function fill(owner: string, bytes: number): Promise<Share> {
  const share = bytesInFlight.open(bytes, false, owner);
  opened.push(share);
  await share.growTo(bytes);
  return share;
}

/** A store of one set. @param bytes of its JSON */
function storeOf(bytes: number): SetStore {
  const definition = async (_: string, hold: Hold): Promise<object> => {
    await hold(bytes);
    return {};
  };
  return { definition } as unknown as SetStore;
}

it("a client that holds nothing comes first, whatever others read", async () => {
  const order: string[] = [];
  const { promise: isUsed, resolve } = Promise.withResolvers<void>();
  const many = withDefinition(storeOf(MB), "ls_1", async () => await isUsed, { client: "many" });
  const body = await fill("body", 29 * MB);
  const form = await fill("form", MB);
  const rest = form.growTo(24 * MB, 24 * MB).then(() => {
    order.push("form");
    form.release();
  });
  const few = withDefinition(storeOf(6 * MB), "ls_2", () => void order.push("few"), { client: "few" });
  body.release();
  await Promise.all([rest, few]);
  expect(order).toEqual(["few", "form"]);
  resolve();
  await many;
});
