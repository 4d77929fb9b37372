/** Checks the documents: links, paths and commands exist, and the README stays short. */
import { readdir, readFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";
import { anchors, readDocument, readDocuments, ROOT } from "./markdown.ts";

const documents = await readDocuments();
const { scripts } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as {
  scripts: Record<string, string>;
};

/**
 * Matches a path in the repository in a code span, but no patterns, and no files that are made when the project runs.
 */
const PATH = /^(?:functions|build|scripts|test|docs|examples|\.ci|\.github)\/[\w./-]*$/;

/** A test file may be named without its extension, `.test.ts`. */
function exists(path: string): boolean {
  return ["", ".test.ts"].some((end) => existsSync(join(ROOT, path + end)));
}

it("finds the documents", () => {
  const paths = documents.map(({ path }) => path);
  for (const path of ["README.md", "SECURITY.md", "docs/README.md", "docs/benchmarks/README.md"]) {
    expect(paths).toContain(path);
  }
  expect(documents.flatMap(({ links }) => links).length).toBeGreaterThan(100);
  expect(documents.flatMap(({ code }) => code).filter((each) => PATH.test(each)).length).toBeGreaterThan(80);
});

describe.each(documents.map((document) => [document.path, document] as const))("%s", (path, document) => {
  it("links to files and headings that exist", async () => {
    const broken: string[] = [];
    for (const link of document.links.filter((each) => !/^https?:/.test(each))) {
      const [file = "", anchor] = link.split("#");
      const target = file === "" ? path : normalize(join(dirname(path), file));
      const isThere = existsSync(join(ROOT, target));
      const hasAnchor = (): Promise<boolean> =>
        readDocument(target).then(({ text }) => anchors(text).has(anchor ?? ""));
      if (!isThere || (anchor !== undefined && !(await hasAnchor()))) broken.push(link);
    }
    expect(broken).toEqual([]);
  });

  it("names paths that exist", () => {
    const paths = document.code.filter((each) => PATH.test(each));
    expect(paths.filter((name) => !exists(name))).toEqual([]);
  });

  it("names commands that exist", () => {
    const named = [...document.text.matchAll(/\bnpm (?:run (?:-s )?([\w:-]+)|(start|test)\b)/g)];
    const commands = named.map(([, command, short]) => command ?? short ?? "");
    expect(commands.filter((command) => scripts[command] === undefined)).toEqual([]);
  });
});

describe("README.md", async () => {
  const { text } = await readDocument("README.md");
  const lines = text.split("\n");

  it("shows that it works within the first screen and a half", () => {
    const [commands, request] = ["npm ci && npm start", "curl http"].map((start) =>
      lines.findIndex((line) => line.startsWith(start)),
    );
    expect(commands).toBeGreaterThan(0);
    expect(request).toBeGreaterThan(commands ?? 0);
    expect(request).toBeLessThan(25);
  });

  it.each([
    ["## Where things are", 10],
    ["## Five figures", 5],
  ])("has under %s at most %i rows", (heading, most) => {
    const section = text.split(`\n${heading}\n`)[1]?.split(/^## /m)[0] ?? "";
    const [, , ...rows] = section.split("\n").filter((line) => line.startsWith("|"));
    expect(rows.length).toBeGreaterThan(3);
    expect(rows.length).toBeLessThanOrEqual(most);
  });
});

it.each(["docs", "docs/benchmarks"])("%s/README.md lists every document beside it", async (folder) => {
  const names = (await readdir(join(ROOT, folder))).filter(
    (name) => name.endsWith(".md") && name !== "README.md",
  );
  const { links } = await readDocument(`${folder}/README.md`);
  expect(names.filter((name) => !links.includes(name))).toEqual([]);
});
