/** Writes a request as a Python program. JSON's strings, lists, objects and numbers are valid Python, too. */
import { type ApiRequest, type FormPart, formParts, isForm, jsonBody } from "../api-request.ts";
import type { SnippetContext } from "./snippet.ts";

export function pythonSnippet(request: ApiRequest, { origin, needsKey }: SnippetContext): string {
  const lines = [JSON.stringify(origin + request.path)];
  if (needsKey) lines.push(`headers={"authorization": f"Bearer {os.environ['EDGECLIP_API_KEY']}"}`);
  if (isForm(request)) lines.push(`files=[\n${formParts(request).map(tuple).join("\n")}\n    ]`);
  else lines.push(`json=${literal(jsonBody(request)).replaceAll("\n", "\n    ")}`);
  return `${needsKey ? "import os\n" : ""}import requests

response = requests.post(
${lines.map((line) => `    ${line},`).join("\n")}
)
response.raise_for_status()
print(response.json())`;
}

/**
 * A form part as a tuple for `requests`, which sends a part without a file name as a plain field and keeps the order.
 */
function tuple(part: FormPart): string {
  const name = JSON.stringify(part.name);
  if ("value" in part) return `        (${name}, (None, ${JSON.stringify(part.value)})),`;
  const file = JSON.stringify(part.picture.name);
  return `        (${name}, (${file}, open(${file}, "rb"))),`;
}

/**
 * Each value stands on its own line, so a line that ends with `true` ends with a boolean: a string ends with a quote.
 */
function literal(value: object): string {
  return JSON.stringify(value, null, 4)
    .replaceAll(/\btrue(?=,?$)/gm, "True")
    .replaceAll(/\bfalse(?=,?$)/gm, "False");
}
