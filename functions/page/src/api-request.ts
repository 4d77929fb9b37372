/**
 * A request as data. The page sends it and also shows it as program code, from the same data, so both are the same
 * request. With files it is a form; with links alone it is JSON.
 */
import type { Picture, PictureFile } from "./pictures/chosen-picture.ts";

export interface ApiRequest {
  path: string;
  pictures: readonly Picture[];
  /** Empty for the deployment's default model. */
  model: string;
  /** The other fields of the body. */
  fields: Readonly<Record<string, string | number | boolean | object>>;
}

export type FormPart = { name: string; value: string } | { name: string; picture: PictureFile };

export function isForm({ pictures }: ApiRequest): boolean {
  return pictures.some((picture) => "file" in picture);
}

/** The body of a request without files. */
export function jsonBody({ model, pictures, fields }: ApiRequest): Record<string, unknown> {
  const images = pictures.flatMap((picture) => ("link" in picture ? picture.link : []));
  return { ...(model === "" ? {} : { model }), ...(images.length === 0 ? {} : { images }), ...fields };
}

/**
 * The parts of a request as a form. The model comes first, because the server starts on each picture as it arrives.
 * Lists and objects are written as JSON.
 */
export function formParts({ model, pictures, fields }: ApiRequest): FormPart[] {
  return [
    ...(model === "" ? [] : [{ name: "model", value: model }]),
    ...pictures.map((picture) =>
      "link" in picture ? { name: "image", value: picture.link } : { name: "image", picture },
    ),
    ...Object.entries(fields).map(([name, value]) => ({
      name,
      value: typeof value === "object" ? JSON.stringify(value) : String(value),
    })),
  ];
}

export function requestInit(request: ApiRequest): RequestInit {
  if (!isForm(request)) {
    const headers = { "content-type": "application/json" };
    return { method: "POST", headers, body: JSON.stringify(jsonBody(request)) };
  }
  const form = new FormData();
  for (const part of formParts(request)) {
    if ("value" in part) form.append(part.name, part.value);
    else form.append(part.name, part.picture.file, part.picture.name);
  }
  return { method: "POST", body: form };
}
