/** Uploads a file as a browser's form does. */
import { type Answer, request } from "../../support/send-request.ts";

export interface FileForm {
  bytes: Uint8Array<ArrayBuffer> | string;
  filename?: string;
  purpose?: string;
  headers?: Record<string, string>;
}

/** @param url of the gateway */
export async function uploadFile(
  url: string,
  { bytes, filename = "picture.png", purpose = "vision", headers = {} }: FileForm,
): Promise<Answer> {
  const form = new FormData();
  form.append("file", new Blob([bytes]), filename);
  form.append("purpose", purpose);
  return await request("POST", `${url}/v1/files`, form, headers);
}
