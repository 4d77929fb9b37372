/** URLs in a form whose pictures are decoded: a server that is silent keeps their room only while nobody needs it. */
import { expect, it, vi } from "vitest";
import { ClientPace } from "../../../functions/gateway/body/client-pace.ts";
import type { EmbedContext } from "../../../functions/gateway/embed/embed-context.ts";
import { embedImages } from "../../../functions/gateway/embed/embed-images.ts";
import type { ImageCache } from "../../../functions/gateway/embed/image-cache.ts";
import { PictureBatch } from "../../../functions/gateway/embed/picture-batch.ts";
import type { PixelShare } from "../../../functions/gateway/embed/pixel-share.ts";
import { pixelRoom } from "../../../functions/gateway/embed/pixel-room.ts";
import { FetchSlots } from "../../../functions/gateway/images/fetch/fetch-slots.ts";
import { Timings } from "../../../functions/gateway/timings.ts";
import { provideScheduler } from "../../../scripts/towers/provide-scheduler.ts";

vi.mock("../../../functions/gateway/images/image-file.ts", async (original) => ({
  ...(await original<object>()),
  sha256OfFile: async ({ name }: { name: string }) => name,
}));
vi.mock("../../../functions/gateway/embed/decoder-call.ts", () => ({
  DecoderCall: class {
    async send(): Promise<void> {}
    drop(): void {}
    abandon(): void {}
  },
}));
vi.mock("../../../functions/gateway/images/fetch/image-fetch.ts", () => ({
  ImageFetch: class {
    open(): void {}
    cancel(): void {}
    async read(): Promise<never> {
      return await new Promise(() => {});
    }
  },
}));
provideScheduler();

it("is slow, from the first URL on", async () => {
  const opened = vi.spyOn(pixelRoom, "open");
  const context = {
    env: {},
    manifest: { image: { size: 256 } },
    client: "c",
    timings: new Timings(),
    requestId: "r",
    fetchSlots: new FetchSlots(),
  } as unknown as EmbedContext;
  const examples = { read: async () => undefined } as unknown as ImageCache;
  const batch = new PictureBatch(context, undefined, { examples });
  const pace = new ClientPace();
  const file = { pieces: [], bytes: 1, pace };
  const pictures = [
    await batch.add({ ...file, name: "a" }, "images[0]"),
    await batch.add({ ...file, name: "b" }, "images[1]"),
  ];
  batch.formCame();
  void embedImages([...pictures, "https://example.com/a.png"], batch, { onError: "report" });
  const share = opened.mock.results[0]?.value as PixelShare;
  expect(share.isDelayed).toBe(false);
  await vi.waitUntil(() => share.isDelayed, { timeout: 5_000 });
  batch.abandon();
});
