/**
 * Forms as clients write them, row by row. `WRITE_TABLE=1 npx vitest run test/api/forms.test.ts` writes what each gets to
 * `docs/forms.md`.
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

/** The labels or texts of the first picture, and how many pictures there were. */
function heard(body: { data?: Record<string, { label?: string; text?: string }[]>[] }): {
  labels: string[];
  pictures: number;
} {
  const [first] = body.data ?? [];
  const scored = first?.["predictions"] ?? first?.["scores"] ?? [];
  const labels = scored.map(({ label, text }) => label ?? text ?? "");
  return { labels: labels.toSorted(), pictures: body.data?.length ?? 0 };
}

it("each is read as its sender means it", { timeout: 120_000 }, async () => {
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

\`classify\` and \`similarity\` take \`multipart/form-data\`, as clients write it. Written by a run of
\`test/api/forms.test.ts\`, which asserts every row; the last column has the labels or texts that were understood.

- \`image\`, \`images\`, \`input\` and \`file\` are one field, and so are \`labels\` and \`label\`, \`texts\` and \`text\`; each may
  have \`[]\` or \`[0]\` behind it, be repeated, or hold a JSON list.
- A single \`labels\` or \`texts\` that is no JSON is split at line breaks, or else at commas. A label with a comma in it is
  sent as JSON, or as \`label\`.
- \`true\`, \`1\`, \`on\` and \`yes\` are true in any case, \`false\`, \`0\`, \`off\` and \`no\` are false. A number, flag or name that is
  left empty or says \`null\` is absent.
- Labels, texts, templates and references to pictures that are left empty are absent, one by one.
- A file input that was left empty is no picture; a file without bytes is an invalid one.
- \`model\` comes before the pictures, which go to the decoder as they arrive.

| client | habit | status | understood as |
|---|---|---|---|
${rows.join("\n")}
`;
}
