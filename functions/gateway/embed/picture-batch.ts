/**
 * The pictures of one request until they are embedded. Each goes to the decoder as soon as its file is complete, while
 * others are still being uploaded or fetched. The image tower then runs once for all new pictures. Identical files
 * count as one picture.
 */
import { byteStream } from "../../runtime/bytes/byte-stream.ts";
import { ServiceError } from "../../runtime/errors.ts";
import { freeBuffer } from "../../runtime/bytes/free-buffer.ts";
import type { LiftedStrings } from "../body/read-body.ts";
import { type ImageFile, sha256OfFile } from "../images/image-file.ts";
import { MAX_IMAGES } from "../limits.ts";
import { DecoderCall } from "./decoder-call.ts";
import type { EmbedContext } from "./embed-context.ts";
import { ImageCache } from "./image-cache.ts";
import { pixelRoom } from "./pixel-room.ts";
import type { PixelShare } from "./pixel-share.ts";
import { Picture } from "../images/request-picture.ts";
import { isPictureError } from "../images/picture-error.ts";
import type { OnError } from "../schemas/fields/on-error.ts";
import type { Embeddings } from "../../runtime/rpc.ts";
import { imageTowerAnswered } from "../models/image-tower-awake.ts";
import { aliveWhenAsked, callWorker, checkRevision, unwrap } from "../../embed/call-worker.ts";

/** Gets a picture's file before the decoder does, which frees its memory. @param sha256 hexadecimal */
export type KeepFile = (file: ImageFile, sha256: string, param: string) => Promise<void>;

interface BatchOptions {
  /** The cache, if the pictures are the examples of a label set: then cached ones do not count. */
  examples?: ImageCache;
  keep?: KeepFile | undefined;
}

export class PictureBatch {
  readonly context: EmbedContext;
  readonly #lifted: LiftedStrings | undefined;
  readonly #cache: ImageCache | undefined;
  readonly #keep: KeepFile | undefined;
  readonly #pictures = new Map<string, Picture>();
  /** The pictures that were sent to the decoder, in that order. */
  readonly #sent: Picture[] = [];
  #decoder: DecoderCall | undefined;
  /** The room of the pixels. */
  #room: PixelShare | undefined;
  #isOfSeveral = false;
  readonly #isOfExamples: boolean;
  #added = 0;
  #isAbandoned = false;

  constructor(
    context: EmbedContext,
    lifted: LiftedStrings | undefined,
    { examples, keep }: BatchOptions = {},
  ) {
    this.context = context;
    this.#keep = keep;
    this.#lifted = lifted;
    this.#cache = examples ?? ImageCache.of(context);
    this.#isOfExamples = examples !== undefined;
  }

  /** Pictures that were lifted out of the request's JSON. */
  get strings(): readonly Uint8Array<ArrayBuffer>[] {
    return this.#lifted?.strings ?? [];
  }

  /** Frees the memory of the lifted pictures. Call it once all of them were sent. */
  releaseStrings(): void {
    this.#lifted?.release();
  }

  /** Call it before the first picture if there will be others. */
  severalCome(): void {
    this.#isOfSeveral = true;
  }

  /**
   * @param param the reference's path in the request, for errors
   * @throws ServiceError `too_many_items`, `overloaded`
   */
  async add(file: ImageFile, param: string): Promise<Picture> {
    this.#assertNotAbandoned();
    if (!this.#isOfExamples && ++this.#added > MAX_IMAGES) throw tooManyImages(param);
    const sha256 = await sha256OfFile(file);
    const known = this.#pictures.get(sha256);
    if (known !== undefined) return known;
    await this.#keep?.(file, sha256, param);
    const picture = new Picture(sha256, param, await this.#cache?.read(sha256));
    this.#pictures.set(sha256, picture);
    if (!picture.cached) await this.#send(file, picture);
    return picture;
  }

  /**
   * Embeds all pictures that were added. A cached picture costs nothing.
   * @param onError with `report`, a picture that cannot be decoded gets its `error`
   * @throws ServiceError naming the bad picture; `model_unavailable`, `overloaded`
   */
  async embed(onError: OnError): Promise<void> {
    const { manifest, timings } = this.context;
    this.#room?.complete();
    const { pixels, pictures } = await timings.measure("decode", () => this.#decode(onError));
    this.#assertNotAbandoned();
    if (pixels.length === 0) return this.#release();
    const embedded = await timings.measure("image", () => this.#askTower(pixels));
    if (embedded.loaded !== undefined) timings.towerLoaded("image", embedded.loaded);
    imageTowerAnswered(manifest);
    const rows = checkRevision(embedded, manifest.revision);
    const width = manifest.embedding_width;
    for (const [index, picture] of pictures.entries()) {
      picture.embedding = rows.subarray(index * width, (index + 1) * width);
      this.#cache?.write(picture.sha256, picture.embedding);
    }
  }

  /** Call it before pictures that did not come with a form: how fast they come counts. */
  expectNext(): void {
    this.#room?.expectNext();
  }

  /** Call it when the form that the pictures came with is complete. */
  formCame(): void {
    this.#room?.formCame();
  }

  /**
   * Ends the call to the decoder if the request fails before `embed`, and frees the pictures. Whoever still adds some
   * learns of it by an error.
   */
  abandon(): void {
    this.#isAbandoned = true;
    this.#decoder?.abandon();
    this.#release();
  }

  #assertNotAbandoned(): void {
    if (this.#isAbandoned) throw new Error("the request has ended");
  }

  #release(): void {
    this.#room?.release();
    this.#room = undefined;
  }

  async #askTower(pixels: readonly Uint8Array<ArrayBuffer>[]): Promise<Embeddings> {
    const { towers, requestId, wanted } = this.context;
    try {
      const stream = byteStream(pixels, () => this.#room?.giveBack());
      const result = await callWorker("image tower", (alive) =>
        towers.vision.embedPixels(stream, pixels.length, aliveWhenAsked(alive, wanted), requestId),
      );
      return unwrap(result);
    } finally {
      for (const picture of pixels) freeBuffer(picture);
      this.#release();
    }
  }

  async #send(file: ImageFile, picture: Picture): Promise<void> {
    const { env, manifest, timings, requestId, pictureWatch } = this.context;
    if (this.#sent.length === MAX_IMAGES) {
      const message =
        `at most ${MAX_IMAGES} pictures of a request may be new: the first ${MAX_IMAGES} are embedded now, so send the ` +
        "same request again until all are; vectors do not count";
      throw new ServiceError("too_many_items", message, { param: picture.param });
    }
    const { size } = manifest.image;
    const isCoalesced = pictureWatch !== undefined;
    await timings.measure("decode", async () => {
      // Lines of a batch wait for each other: a part has a limit for its pictures instead.
      if (!isCoalesced) await this.#takeRoom(3 * size ** 2, file);
      this.#assertNotAbandoned();
      this.#sent.push(picture);
      this.#decoder ??= new DecoderCall(env.DECODER, size, requestId, { isCoalesced });
      await this.#decoder.send(file);
    });
    this.#room?.expectNext();
  }

  /** @param bytes of the picture, once it is decoded */
  async #takeRoom(bytes: number, { pace }: ImageFile): Promise<void> {
    this.#assertNotAbandoned();
    this.#room ??= pixelRoom.open(bytes, {
      owner: this.context.client,
      pace,
      isOfSeveral: this.#isOfSeveral,
      onLost: () => this.#decoder?.drop(),
    });
    this.#room.hasNext();
    await this.#room.take();
  }

  /** @returns the pictures that were decoded, and their pixels: uint8 RGB, `size × size × 3` each */
  async #decode(onError: OnError): Promise<{ pictures: Picture[]; pixels: Uint8Array<ArrayBuffer>[] }> {
    const decoded = (await this.#decoder?.finish()) ?? [];
    const pictures: Picture[] = [];
    const pixels: Uint8Array<ArrayBuffer>[] = [];
    for (const [index, picture] of this.#sent.entries()) {
      const result = decoded[index];
      if (result === undefined) {
        throw new ServiceError("model_unavailable", "the decoder could not answer; try again");
      }
      try {
        pixels.push(unwrap(result, picture.param).pixels);
        pictures.push(picture);
      } catch (error) {
        if (onError === "fail" || !isPictureError(error)) throw error;
        picture.error = error;
        this.#room?.giveBack();
      }
    }
    return { pictures, pixels };
  }
}

export function tooManyImages(param: string): ServiceError {
  return new ServiceError("too_many_items", `at most ${MAX_IMAGES} images a request`, { param });
}
