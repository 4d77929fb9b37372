/** The same request in other words: for the shell, for JavaScript, for Python. */
import { make } from "./dom.ts";
import type { Picture } from "./picture.ts";

export interface SnippetRequest {
  /** Such as `classify`. */
  endpoint: string;
  pictures: readonly Picture[];
  /** The other fields, as JSON has them. */
  fields: object;
}

const LANGUAGES = { curl: curlOf, JavaScript: javaScriptOf, Python: pythonOf };

/** A picture's file or link in a snippet. */
function nameOf({ name, source }: Picture): string {
  return "url" in source ? source.url : name;
}

function isFile({ source }: Picture): boolean {
  return "file" in source;
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

export function curlOf({ endpoint, pictures, fields }: SnippetRequest, origin: string): string {
  const url = `${origin}/v1/${endpoint}`;
  const key = `  -H "authorization: Bearer $EDGECLIP_API_KEY"`;
  const lines = pictures.every((picture) => isFile(picture))
    ? [
        ...pictures.map((picture) => `  -F image=@${quoted(nameOf(picture))}`),
        ...Object.entries(fields).map(([name, value]) => {
          const text = typeof value === "string" ? value : JSON.stringify(value);
          return `  -F ${quoted(`${name}=${text}`)}`;
        }),
      ]
    : [
        `  -H 'content-type: application/json'`,
        `  -d ${quoted(JSON.stringify({ images: pictures.map((each) => nameOf(each)), ...fields }))}`,
      ];
  return [`curl ${url}`, key, ...lines].join(" \\\n");
}

function javaScriptOf({ endpoint, pictures, fields }: SnippetRequest, origin: string): string {
  const images = pictures
    .map((picture) =>
      isFile(picture)
        ? `(await readFile(${JSON.stringify(nameOf(picture))})).toString("base64")`
        : JSON.stringify(nameOf(picture)),
    )
    .join(", ");
  const reads = pictures.some((each) => isFile(each))
    ? `import { readFile } from "node:fs/promises";\n\n`
    : "";
  return `${reads}const response = await fetch("${origin}/v1/${endpoint}", {
  method: "POST",
  headers: {
    authorization: \`Bearer \${process.env.EDGECLIP_API_KEY}\`,
    "content-type": "application/json",
  },
  body: JSON.stringify({
    images: [${images}],
${Object.entries(fields)
  .map(([name, value]) => `    ${name}: ${JSON.stringify(value)},`)
  .join("\n")}
  }),
});
console.log((await response.json()).data[0]);`;
}

function pythonOf({ endpoint, pictures, fields }: SnippetRequest, origin: string): string {
  const images = pictures
    .map((picture) =>
      isFile(picture)
        ? `base64.b64encode(open(${JSON.stringify(nameOf(picture))}, "rb").read()).decode()`
        : JSON.stringify(nameOf(picture)),
    )
    .join(", ");
  return `import base64, os, requests

response = requests.post(
    "${origin}/v1/${endpoint}",
    headers={"authorization": f"Bearer {os.environ.get('EDGECLIP_API_KEY', '')}"},
    json={
        "images": [${images}],
${Object.entries(fields)
  .map(([name, value]) => `        "${name}": ${JSON.stringify(value)},`)
  .join("\n")}
    },
)
print(response.json()["data"][0])`;
}

export function snippets(request: SnippetRequest): HTMLElement {
  const code = make("code");
  const select = make("select", {}, ...Object.keys(LANGUAGES).map((name) => make("option", {}, name)));
  const show = (): void => {
    const [, of = curlOf] = Object.entries(LANGUAGES).find(([name]) => name === select.value) ?? [];
    code.textContent = of(request, location.origin);
  };
  select.addEventListener("change", show);
  show();
  const copy = make("button", { type: "button" }, "Copy");
  copy.addEventListener("click", () => {
    void navigator.clipboard.writeText(code.textContent ?? "").then(
      () => (copy.textContent = "Copied"),
      () => (copy.textContent = "Select and copy it by hand"),
    );
  });
  return make(
    "details",
    {},
    make("summary", {}, "The same from a program"),
    make("div", { className: "snippet-bar" }, make("label", {}, "Language", select), copy),
    make("pre", { tabIndex: 0 }, code),
  );
}
