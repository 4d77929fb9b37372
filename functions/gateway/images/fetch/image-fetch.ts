/**
 * Fetches a picture from a URL. The request is sent ahead, so that several slow servers are waited for at the same
 * time. The file is read only in its turn and when there is room, so that only pictures about to be decoded are in
 * memory.
 */
import { DeadlineError, withDeadline } from "../../../runtime/deadline.ts";
import { ServiceError } from "../../../runtime/errors.ts";
import type { Share } from "../../body/body-share.ts";
import { receivePiece } from "../../body/receive-piece.ts";
import type { Timings } from "../../timings.ts";
import { FETCH_TIMEOUT_MS, MAX_IMAGE_BYTES, MAX_REDIRECTS } from "../../limits.ts";
import { type ImageFile, imageFile, imageTooLarge } from "../image-file.ts";
import type { FetchSlots } from "./fetch-slots.ts";
import { fetchedBytes, MAX_PROMISED } from "./fetched-bytes.ts";
import { isBehind } from "./is-behind.ts";
import { refusalOf } from "./url-policy.ts";

const TOO_SLOW = `it did not arrive within ${FETCH_TIMEOUT_MS / 1000} s`;
const UNREACHABLE = "the server could not be reached";

export interface FetchOptions {
  /** Hosts that may be fetched though they are not public; see `url-policy.ts`. */
  allowed: readonly string[];
  /** Shares the room for fetched pictures with other clients. */
  client: string;
  /** Those of the invocation. */
  slots: FetchSlots;
}

export class ImageFetch {
  readonly #url: string;
  readonly #param: string;
  readonly #allowed: readonly string[];
  readonly #client: string;
  readonly #slots: FetchSlots;
  readonly #abort = new AbortController();
  #opened: Promise<Response> | undefined;
  /** Milliseconds that the server may take for the bytes: what the headers have left. */
  #left = FETCH_TIMEOUT_MS;

  /** @param param the reference's path in the request, for errors */
  constructor(url: string, param: string, { allowed, client, slots }: FetchOptions) {
    this.#url = url;
    this.#param = param;
    this.#allowed = allowed;
    this.#client = client;
    this.#slots = slots;
  }

  /** Sends the request, once, as soon as there is a slot. */
  open(): void {
    this.#opened ??= this.#begin();
    // The reader gets the error later.
    this.#opened.catch(() => {});
  }

  /**
   * @param timings counts the wait for the server as `fetch`
   * @param use gets the file; its memory is released once the call is done
   * @throws ServiceError `image_url_forbidden`, `image_fetch_failed`, `image_too_large`, `invalid_image`,
   * `overloaded`
   */
  async read<T>(timings: Timings, use: (file: ImageFile) => Promise<T>): Promise<T> {
    this.open();
    const response = await timings.measure("fetch", async () => await this.#opened);
    const body = response?.body as ReadableStream<Uint8Array<ArrayBuffer>> | null | undefined;
    if (body == null) throw this.#failed("the server sent nothing");
    const length = Number(response?.headers.get("content-length") ?? MAX_IMAGE_BYTES);
    // A compressed response may be longer than its stated length.
    const isPacked = response?.headers.has("content-encoding") === true;
    const most = isPacked || !(length > 0) ? MAX_PROMISED : Math.min(length, MAX_PROMISED);
    const share = fetchedBytes.open(most, false, this.#client);
    try {
      if (length > MAX_IMAGE_BYTES) throw imageTooLarge(length, this.#param);
      const file = await timings.measure("fetch", () => this.#collect(body, most, share));
      return await use(file);
    } catch (error) {
      // Cancel the response: a server whose response is not read would send until the platform's buffers are full.
      this.cancel();
      throw error;
    } finally {
      share.release();
    }
  }

  /** Cancels a fetch that was started and will not be read. */
  cancel(): void {
    this.#abort.abort();
  }

  async #begin(): Promise<Response> {
    return await this.#slots.run(async () => {
      const before = Date.now();
      const response = await this.#inTime(() => this.#follow());
      this.#left -= Date.now() - before;
      return response;
    });
  }

  async #follow(): Promise<Response> {
    let target = this.#url;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const url = URL.parse(target);
      if (url === null) throw this.#forbidden("the URL is malformed");
      const refusal = refusalOf(url, this.#allowed);
      if (refusal !== undefined) throw this.#forbidden(refusal);
      const response = await fetch(url, {
        redirect: "manual",
        headers: { accept: "image/*", "user-agent": "edgeclip" },
        signal: this.#abort.signal,
      });
      const location = response.headers.get("location");
      if (response.status < 300 || response.status > 399 || location === null) return this.#checked(response);
      await response.body?.cancel();
      target = URL.parse(location, url)?.href ?? location;
    }
    throw this.#failed(`more than ${MAX_REDIRECTS} redirects`);
  }

  #checked(response: Response): Response {
    if (response.ok) return response;
    this.cancel();
    throw this.#failed(`the server answered ${response.status}`);
  }

  /** @param most bytes that it is promised */
  async #collect(
    body: ReadableStream<Uint8Array<ArrayBuffer>>,
    most: number,
    share: Share,
  ): Promise<ImageFile> {
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    let bytes = 0;
    const reader = body.getReader();
    const { pace } = share;
    const late = (): ServiceError => this.#failed(TOO_SLOW);
    const next = async (): Promise<Uint8Array<ArrayBuffer> | undefined> => {
      try {
        return await receivePiece(reader, share, this.#left - pace.waited, late);
      } catch (error) {
        throw error instanceof ServiceError ? error : this.#failed(UNREACHABLE);
      }
    };
    for (let piece = await next(); piece !== undefined; piece = await next()) {
      bytes += piece.byteLength;
      if (bytes > MAX_IMAGE_BYTES) throw imageTooLarge(bytes, this.#param);
      pieces.push(piece);
      // Once behind, it stays so: others may have been promised the room that it could have needed.
      pace.isBehind ||= isBehind(bytes, most, pace.waited, this.#left);
      await share.growTo(bytes);
    }
    pace.isBehind = false;
    share.complete(bytes);
    return imageFile(pieces, this.#param);
  }

  /** Gives up after the timeout. The network's own error goes only to the log. */
  async #inTime<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await withDeadline(FETCH_TIMEOUT_MS, work);
    } catch (cause) {
      this.cancel();
      if (cause instanceof ServiceError) throw cause;
      throw this.#failed(cause instanceof DeadlineError ? TOO_SLOW : UNREACHABLE);
    }
  }

  #failed(why: string): ServiceError {
    const param = this.#param;
    return new ServiceError("image_fetch_failed", `${param}: the image could not be fetched: ${why}`, {
      param,
    });
  }

  #forbidden(why: string): ServiceError {
    const param = this.#param;
    return new ServiceError("image_url_forbidden", `${param}: the URL is not fetched: ${why}`, { param });
  }
}
