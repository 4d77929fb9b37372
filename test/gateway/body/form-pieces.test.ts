/** A form may arrive in pieces of any size; a file's bytes are the same. */
import { describe, expect, it } from "vitest";
import { BytesInFlight } from "../../../functions/gateway/body/bytes-in-flight.ts";
import { type FormFile, MultipartForm } from "../../../functions/gateway/body/multipart-form.ts";

const FILE = Buffer.from(Array.from({ length: 200_000 }, (_, i) => i % 251));
const BODY = Buffer.concat([
  Buffer.from('a preamble\r\n--b\r\ncontent-disposition: form-data; name="labels"\r\n\r\nfox\r\n'),
  Buffer.from('--b\r\ncontent-disposition: form-data; name="image"; filename="a.png"\r\n\r\n'),
  FILE,
  Buffer.from("\r\n--b--\r\n"),
]);

const drop = (): void => {};

function field(name: string, value: string): string {
  return `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
}

describe("a form", () => {
  it.each([[1], [3], [4096], [50_000], [BODY.length], [10, 40_000]])(
    "in pieces of %i bytes",
    async (...sizes) => {
      const share = new BytesInFlight({ small: 1_000_000, large: 40_000_000 }).open(BODY.length);
      const files: (readonly Uint8Array[])[] = [];
      const accept = async ({ pieces }: FormFile): Promise<string> => {
        files.push(pieces);
        return await Promise.resolve("a file");
      };
      const form = new MultipartForm("multipart/form-data; boundary=b", { accept, drop }, share);
      for (let at = 0, turn = 0; at < BODY.length; turn++) {
        const size = sizes[turn % sizes.length] ?? BODY.length;
        await form.take(Uint8Array.from(BODY.subarray(at, (at += size))));
      }
      expect(await form.finish()).toEqual({ labels: ["fox"], images: ["a file"] });
      share.release();
      expect(files).toHaveLength(1);
      expect(Buffer.concat(files[0] ?? []).equals(FILE)).toBe(true);
      // The parser splits a piece where a boundary might begin.
      expect(files[0]?.length).toBeLessThan(20);
    },
  );

  it("does not make its other fields anew for each file", async () => {
    const share = new BytesInFlight({ small: 1_000_000, large: 40_000_000 }).open(1_000_000);
    const accepted: unknown[] = [];
    const accept = async ({ index, model }: FormFile): Promise<string> => {
      accepted.push([index, model]);
      return await Promise.resolve("a file");
    };
    const form = new MultipartForm("multipart/form-data; boundary=b", { accept, drop }, share);
    const file = '--b\r\ncontent-disposition: form-data; name="image"; filename="a.png"\r\n\r\n\r\n';
    const labels = Array.from({ length: 10_001 }, (_, i) => i).join("\n");
    const body = `${file}${field("model", "m")}${field("labels", labels)}${file}--b--\r\n`;
    await form.take(Uint8Array.from(Buffer.from(body)));
    await expect(form.finish()).rejects.toMatchObject({ code: "too_many_items" });
    expect(accepted).toEqual([
      [0, undefined],
      [1, "m"],
    ]);
    share.release();
  });
});
