/**
 * Forms as clients write them, row by row. `WRITE_TABLE=1 npx vitest run test/api/forms.test.ts` writes the result of
 * each to `docs/forms.md`.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { request } from "../support/send-request.ts";
import { startWorkers, type Workers } from "../support/workers.ts";
import { formCases } from "./form-cases.ts";

const ROOT = join(import.meta.dirname, "../..");
const TABLE = join(ROOT, "docs/forms.md");

let workers: Workers;

beforeAll(async () => {
  workers = await startWorkers();
});

afterAll(async () => {
  await workers.dispose();
});

/** The labels or texts of the first picture, and the number of pictures. */
function heard(body: { data?: Record<string, { label?: string; text?: string }[]>[] }): {
  labels: string[];
  pictures: number;
} {
  const [first] = body.data ?? [];
  const scored = first?.["predictions"] ?? first?.["scores"] ?? [];
  const labels = scored.map(({ label, text }) => label ?? text ?? "");
  return { labels: labels.toSorted(), pictures: body.data?.length ?? 0 };
}

it("each is read as its sender meant it", { timeout: 120_000 }, async () => {
  const fox = await readFile(join(ROOT, "examples/fox.png"));
  const recorded = await readFile(join(ROOT, "test/fixtures/forms/leading-crlf.bin"));
  const rows: string[] = [];
  for (const { client, habit, path, contentType, body, ...wanted } of formCases(fox, recorded)) {
    const answer = await request("POST", workers.url + path, body, { "content-type": contentType });
    const what = `${client}, ${habit}: ${JSON.stringify(answer.body).slice(0, 300)}`;
    expect(answer.status, what).toBe(wanted.status);
    const isAnswered = answer.status === 200;
    const { code, param } = isAnswered ? {} : answer.body.error;
    const { labels, pictures } = heard(answer.body);
    expect({ code, param, labels, pictures }, what).toEqual({
      code: wanted.code,
      param: isAnswered ? undefined : (wanted.param ?? null),
      labels: wanted.labels?.toSorted() ?? [],
      pictures: isAnswered ? (wanted.pictures ?? 1) : 0,
    });
    const understood = isAnswered ? labels : [code, ...(param === null ? [] : [param])];
    const outcome = understood.map((each) => `\`${each}\``).join(isAnswered ? " " : ", ");
    rows.push(`| ${client} | ${habit} | ${answer.status} | ${outcome} |`);
  }
  if (process.env["WRITE_TABLE"] === "1") await writeFile(TABLE, table(rows));
});

function table(rows: readonly string[]): string {
  return `# Forms

\`classify\` and \`similarity\` take \`multipart/form-data\` in the forms that common clients write. \`test/api/forms.test.ts\`
writes the table and asserts every row. The last column has the labels or texts that the API understood.

- \`image\`, \`images\`, \`input\` and \`file\` are names of the same field; so are \`labels\` and \`label\`, and \`texts\` and \`text\`.
  Each may end with \`[]\` or \`[0]\`, be repeated, or contain a JSON list.
- A single \`labels\` or \`texts\` that is not JSON is split at line breaks, or, if it has none, at commas. Send a label that
  contains a comma as JSON, or as \`label\`.
- \`true\`, \`1\`, \`on\` and \`yes\` are true, \`false\`, \`0\`, \`off\` and \`no\` are false, in upper or lower case. A number, flag or
  name that is empty or \`null\` counts as absent.
- Empty labels, texts, templates and references to pictures are ignored.
- An empty file input is ignored; a file without bytes is an invalid picture.
- \`model\` must come before the pictures, which go to the decoder as they arrive.

| client | habit | status | understood as |
|---|---|---|---|
${rows.join("\n")}
`;
}
