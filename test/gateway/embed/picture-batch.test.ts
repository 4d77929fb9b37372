/** Pictures of a request that has ended: what still brings some holds no room that nobody would give back. */
import { expect, it, vi } from "vitest";
import type { EmbedContext } from "../../../functions/gateway/embed/embed-context.ts";
import type { ImageCache } from "../../../functions/gateway/embed/image-cache.ts";
import { PictureBatch } from "../../../functions/gateway/embed/picture-batch.ts";
import { pixelRoom } from "../../../functions/gateway/embed/pixel-room.ts";
import { Timings } from "../../../functions/gateway/timings.ts";

vi.mock("../../../functions/gateway/images/image-file.ts", () => ({ sha256OfFile: async () => "hash" }));

it("takes no room for a picture that comes after the request has ended", async () => {
  const opened = vi.spyOn(pixelRoom, "open");
  const { promise: looked, resolve } = Promise.withResolvers<undefined>();
  const examples = { read: async () => await looked } as unknown as ImageCache;
  const manifest = { image: { size: 256 } };
  const context = { env: {}, manifest, client: "c", timings: new Timings(), requestId: "r" };
  const batch = new PictureBatch(context as unknown as EmbedContext, undefined, { examples });
  const added = batch.add({ pieces: [], bytes: 1 }, "images[0]");
  batch.abandon();
  resolve(undefined);
  await expect(added).rejects.toThrow("the request has ended");
  expect(opened).not.toHaveBeenCalled();
  await expect(batch.add({ pieces: [], bytes: 1 }, "images[1]")).rejects.toThrow("the request has ended");
});
