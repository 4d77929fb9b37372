/** Writes a request as a shell command. */
import { type ApiRequest, type FormPart, formParts, isForm, jsonBody } from "../api-request.ts";
import type { SnippetContext } from "./snippet.ts";

export function curlSnippet(request: ApiRequest, { origin, needsKey }: SnippetContext): string {
  const options = [`curl ${quote(origin + request.path)}`];
  if (needsKey) options.push('-H "authorization: Bearer $EDGECLIP_API_KEY"');
  if (isForm(request)) options.push(...formParts(request).map(option));
  else options.push("-H 'content-type: application/json'", `-d ${quote(JSON.stringify(jsonBody(request)))}`);
  const downloads = request.pictures.flatMap((picture) =>
    "source" in picture && picture.source !== undefined ? [`curl -sO ${quote(picture.source)}\n`] : [],
  );
  return downloads.join("") + options.join(" \\\n  ");
}

/** Uses `--form-string` for plain fields, because `-F` treats `@`, `<` and `;` specially. */
function option(part: FormPart): string {
  if ("value" in part) return `--form-string ${quote(`${part.name}=${part.value}`)}`;
  return `-F ${quote(`${part.name}=@${fileName(part.picture.name)}`)}`;
}

/** Quotes a file name for curl, because some characters would end it early. */
function fileName(name: string): string {
  return /[",;\\]/.test(name) ? `"${name.replaceAll(/["\\]/g, "\\$&")}"` : name;
}

/** Quotes a word for a POSIX shell. */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
