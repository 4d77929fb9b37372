/** Reads the fields and pictures of a request, from JSON or a form. */
import type { Context } from "hono";
import type { Manifest } from "../../../../model-shards/manifest.ts";
import { ServiceError } from "../../../runtime/errors.ts";
import { callerOf, clientOf } from "../../middleware/caller-of.ts";
import type { BatchLine, GatewayEnv } from "../../middleware/gateway-env.ts";
import type { FileTaker, FormFile } from "../../body/multipart-form.ts";
import { ownerOf } from "../../body/fair-order.ts";
import type { Fields } from "../../body/fields.ts";
import { readBody } from "../../body/read-body.ts";
import { imageFile, imageTooLarge } from "../../images/image-file.ts";
import { MAX_IMAGE_BYTES, MAX_IMAGES } from "../../limits.ts";
import { isPictureError } from "../../images/picture-error.ts";
import { Picture } from "../../images/request-picture.ts";
import { requestedModel } from "./requested-model.ts";
import { embedContext } from "./embedding-context.ts";
import { type KeepFile, PictureBatch, tooManyImages } from "../../embed/picture-batch.ts";

/**
 * The request's batch of pictures, made at first use.
 * @throws ServiceError `invalid_type` if pictures came before the name of their model
 */
export function requestPictures(c: Context<GatewayEnv>, manifest: Manifest, keep?: KeepFile): PictureBatch {
  const begun = c.get("pictures");
  if (begun === undefined) {
    const batch = new PictureBatch(embedContext(c, manifest), c.get("lifted"), { keep });
    c.set("pictures", batch);
    return batch;
  }
  if (begun.context.manifest.revision === manifest.revision) return begun;
  throw new ServiceError("invalid_type", "in a form, model must come before the images", { param: "model" });
}

type BatchFor = (model: string | undefined) => Promise<PictureBatch>;

/**
 * Reads the fields of a request that may be a form. An uploaded picture goes to the decoder while the rest still
 * arrives; among the fields it is a `Picture`. One that cannot be read has its error, because `on_error` may follow it
 * in the form.
 * @param batchFor the batch for a form's pictures, by the model that the form has named before them
 */
export async function readFieldsAndFiles(
  c: Context<GatewayEnv>,
  batchFor: BatchFor = async (model) => requestPictures(c, await requestedModel(c, model)),
): Promise<Fields> {
  const accept = async ({ pieces, bytes, index, model, name, pace }: FormFile): Promise<Picture> => {
    const param = `images[${index}]`;
    // Those that cannot be read count, too.
    if (index >= MAX_IMAGES) throw tooManyImages(param);
    const batch = await batchFor(typeof model === "string" ? model : undefined);
    try {
      if (bytes > MAX_IMAGE_BYTES) throw imageTooLarge(bytes, param);
      return await batch.add({ ...imageFile(pieces, param), name, pace }, param);
    } catch (error) {
      if (isPictureError(error)) return Picture.failed(param, error);
      throw error;
    }
  };
  const fields = await readFields(c, { accept, drop: () => c.get("pictures")?.abandon() });
  c.get("pictures")?.formCame();
  return fields;
}

/** @param files takes a form's files; without it, the request must be JSON */
export async function readFields(c: Context<GatewayEnv>, files?: FileTaker): Promise<Fields> {
  const line = c.get("line");
  const isLine = line !== undefined;
  const owner = ownerOf(clientOf(c, callerOf(c)), isLine);
  const { fields, lifted, share } = await readBody(c.req.raw, { owner, isLine }, files);
  c.set("share", share);
  c.set("lifted", lifted);
  return line === undefined ? fields : bodyOf(line, fields);
}

/** The body of a batch's line, whose form the jobs Worker has checked. */
function bodyOf(line: BatchLine, { custom_id: id, body }: Fields): Fields {
  line.customId = id as string;
  return body as Fields;
}
