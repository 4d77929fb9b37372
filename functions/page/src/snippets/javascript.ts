/** Writes a request as a program for Node. JSON is valid JavaScript, so values are written as JSON. */
import { type ApiRequest, type FormPart, formParts, isForm, jsonBody } from "../api-request.ts";
import type { SnippetContext } from "./snippet.ts";

const KEY = "authorization: `Bearer ${process.env.EDGECLIP_API_KEY}`";
const PRINT =
  "if (!response.ok) throw new Error(await response.text());\nconsole.log(await response.json());";

export function javascriptSnippet(request: ApiRequest, { origin, needsKey }: SnippetContext): string {
  const url = JSON.stringify(origin + request.path);
  if (!isForm(request)) {
    const headers = ['"content-type": "application/json"', ...(needsKey ? [KEY] : [])].join(", ");
    const body = JSON.stringify(jsonBody(request), null, 2).replaceAll("\n", "\n  ");
    return `const response = await fetch(${url}, {
  method: "POST",
  headers: { ${headers} },
  body: JSON.stringify(${body}),
});
${PRINT}`;
  }
  return `import { openAsBlob } from "node:fs";

const form = new FormData();
${formParts(request).map(append).join("\n")}
const response = await fetch(${url}, {
  method: "POST",${needsKey ? `\n  headers: { ${KEY} },` : ""}
  body: form,
});
${PRINT}`;
}

function append(part: FormPart): string {
  const name = JSON.stringify(part.name);
  if ("value" in part) return `form.append(${name}, ${JSON.stringify(part.value)});`;
  const file = JSON.stringify(part.picture.name);
  return `form.append(${name}, await openAsBlob(${file}), ${file});`;
}
