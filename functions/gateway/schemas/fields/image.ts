/**
 * An image in any form that the API accepts: a string (URL, data URI, base64), an object around one, an uploaded file.
 */
import * as z from "zod";
import { FileReference } from "../../images/file-reference.ts";
import { Picture } from "../../images/request-picture.ts";
import { MAX_IMAGES, MAX_NAME_LENGTH } from "../../limits.ts";
import { list } from "./list.ts";
import { ownObject } from "./own-object.ts";
import { shortString } from "./short-string.ts";

const MESSAGE =
  'must be an image: a URL, a data URI or base64 as a string, {"image": …}, {"file_id": …}, or {"type": "image_url", "image_url": {"url": …}}';

/** A string reference, one of the account's files, or an uploaded file that is already on its way to the decoder. */
export type ImageReference = string | FileReference | Picture;

/** A string: base64, a data URI or a URL. */
export const imageReferenceSchema = z
  .string()
  .trim()
  .min(1, "an image must not be empty")
  .meta({ description: "http(s) URL, data URI, or base64 (standard or URL-safe)" });

const uploaded = z
  .instanceof(Picture)
  .meta({ override: { type: "string", format: "binary" }, description: "A file, in a form" });

const contentPartShape = { type: z.literal("image_url"), image_url: z.object({ url: imageReferenceSchema }) };
/** OpenAI's content part, which may have other fields, too. */
const contentPart = z.object(contentPartShape).transform(({ image_url }) => image_url.url);

const storedFile = {
  type: z.literal("input_image").optional(),
  file_id: shortString(MAX_NAME_LENGTH, z.string().trim()).meta({
    description: "Id of one of the account's files",
  }),
  detail: z.string().optional(),
};
export const toReference = ({ file_id: id }: { file_id: string }): FileReference => new FileReference(id);

/** The fields of an image object, by its form. */
export const IMAGE_SHAPES = {
  contentPart: contentPartShape,
  image: { image: imageReferenceSchema },
  storedFile,
};

/** For endpoints whose request follows another API. */
export const imageObjectSchema = z
  .union(
    [
      contentPart,
      z.object({ image: imageReferenceSchema }).transform(({ image }) => image),
      z.object(storedFile).transform(toReference),
    ],
    { error: MESSAGE },
  )
  .meta({ id: "ImageObject" });

/** For this project's own endpoints. */
export const imageSchema = z
  .union(
    [
      imageReferenceSchema,
      uploaded,
      contentPart,
      ownObject({ image: imageReferenceSchema }).transform(({ image }) => image),
      ownObject(storedFile).transform(toReference),
    ],
    {
      error: (issue) => (issue.input === "" ? "an image must not be empty" : MESSAGE),
    },
  )
  .meta({ id: "Image" });

export const imagesSchema = list(imageSchema)
  .min(1, "at least one image is needed")
  .max(MAX_IMAGES, `at most ${MAX_IMAGES} images a request`);
