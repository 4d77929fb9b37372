/** The contract of `/v1/files`, as rows of `contract-cases.ts`. */
import { type Case, row } from "./contract-row.ts";

const UPLOAD = "POST /v1/files";

type Entry = [name: string, value: string | Blob, filename?: string];

function form(...entries: Entry[]): FormData {
  const body = new FormData();
  for (const [name, value, filename] of entries) {
    if (typeof value === "string") body.append(name, value);
    else body.append(name, value, filename);
  }
  return body;
}

const expiring = (seconds: string): Entry[] => [
  ["expires_after[anchor]", "created_at"],
  ["expires_after[seconds]", seconds],
];

/** @param id of a file that is there; it is deleted in the end */
export function fileCases(id: string): Case[] {
  const file: Entry = ["file", new Blob(["a file"]), "a.png"];
  const vision: Entry = ["purpose", "vision"];
  const labels = ["fox", "dress"];
  const named = { image: { file_id: id }, labels };
  return [
    row(UPLOAD, "a file", form(file, vision), 200),
    row(UPLOAD, "the purpose first", form(vision, file), 200),
    row(UPLOAD, "that expires", form(file, vision, ...expiring("3600")), 200),
    row(
      UPLOAD,
      "that expires too soon",
      form(file, vision, ...expiring("3599")),
      400,
      "invalid_value",
      "expires_after.seconds",
    ),
    row(
      UPLOAD,
      "that expires at no time",
      form(file, vision, ...expiring("1e999")),
      400,
      "invalid_type",
      "expires_after.seconds",
    ),
    row(UPLOAD, "no purpose", form(file), 400, "missing_field", "purpose"),
    row(
      UPLOAD,
      "a purpose that is not here",
      form(file, ["purpose", "fine-tune"]),
      400,
      "invalid_type",
      "purpose",
    ),
    row(
      UPLOAD,
      "a purpose that only the service writes",
      form(["purpose", "batch_output"], file),
      400,
      "invalid_type",
      "purpose",
    ),
    row(UPLOAD, "no file", form(vision), 400, "missing_field", "file"),
    row(UPLOAD, "a text for a file", form(["file", "text"], vision), 400, "invalid_type", "file"),
    row(UPLOAD, "an empty file", form(["file", new Blob([]), "a.png"], vision), 400, "empty_input", "file"),
    row(UPLOAD, "two files", form(file, file, vision), 400, "too_many_items", "file"),
    row(
      UPLOAD,
      "a control character in the name",
      form(["file", new Blob(["x"]), "a\u0007.png"], vision),
      400,
      "invalid_value",
      "file",
    ),
    row(
      UPLOAD,
      "a name that turns the direction of text",
      form(["file", new Blob(["x"]), "a\u{202E}gnp.exe"], vision),
      400,
      "invalid_value",
      "file",
    ),
    row(
      UPLOAD,
      "a name of 256 characters",
      form(["file", new Blob(["x"]), "a".repeat(256)], vision),
      400,
      "too_long",
      "file",
    ),
    row(
      UPLOAD,
      "a picture of 20 MB and a byte",
      form(["file", new Blob([new Uint8Array(20_000_001)]), "a"], vision),
      413,
      "request_too_large",
      "file",
    ),
    row(
      UPLOAD,
      "a list of 20 MB and a byte",
      form(["file", new Blob([new Uint8Array(20_000_001)]), "a"], ["purpose", "batch"]),
      200,
    ),
    row(UPLOAD, "JSON", { purpose: "vision" }, 415, "unsupported_media_type"),
    row("GET /v1/files", "the list", undefined, 200),
    row("GET /v1/files?limit=2&order=asc&purpose=vision", "a page", undefined, 200),
    row("GET /v1/files?limit=0", "a page of nothing", undefined, 400, "invalid_type", "limit"),
    row("GET /v1/files?limit=10001", "a page of 10,001", undefined, 400, "invalid_type", "limit"),
    row("GET /v1/files?order=up", "another order", undefined, 400, "invalid_type", "order"),
    row("GET /v1/files?after=file-x", "after what is no id", undefined, 400, "invalid_value", "after"),
    row(`GET /v1/files/${id}`, "one", undefined, 200),
    row("GET /v1/files/file-x", "an unknown one", undefined, 404, "file_not_found"),
    row("GET /v1/files/file-x/content", "the bytes of an unknown one", undefined, 404, "file_not_found"),
    row("DELETE /v1/files/file-x", "an unknown one", undefined, 404, "file_not_found"),
    row("PUT /v1/files", "", undefined, 405, "method_not_allowed"),
    row("POST /v1/classify", "a file by its id", named, 200),
    row(
      "POST /v1/classify",
      "an unknown file",
      { image: { file_id: "file-x" }, labels },
      404,
      "file_not_found",
      "images[0]",
    ),
    row(`DELETE /v1/files/${id}`, "one", undefined, 200),
    row("POST /v1/classify", "a file that was deleted", named, 404, "file_not_found", "images[0]"),
  ];
}
