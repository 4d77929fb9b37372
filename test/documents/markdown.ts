/** Reads the project's Markdown documents: their links, headings and code spans. */
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";

export const ROOT = join(import.meta.dirname, "../..");

/** Folders whose documents are read, in addition to the root. */
const FOLDERS = [".github", "docs", "examples", "model-shards/edgeclip-demo", "test/fixtures"];

export interface Document {
  /** Path from the root. */
  path: string;
  text: string;
  /** Targets of links and sources of images, as written. */
  links: string[];
  /** Contents of code spans, and lines of code blocks. */
  code: string[];
}

export async function readDocuments(): Promise<Document[]> {
  const inRoot = (await readdir(ROOT)).filter((name) => name.endsWith(".md"));
  const inFolders = await Promise.all(
    FOLDERS.map(async (folder) => {
      const names = await readdir(join(ROOT, folder), { recursive: true });
      return names.filter((name) => name.endsWith(".md")).map((name) => join(folder, name));
    }),
  );
  return await Promise.all([...inRoot, ...inFolders.flat()].map(async (path) => await readDocument(path)));
}

export async function readDocument(path: string): Promise<Document> {
  const text = await readFile(join(ROOT, path), "utf8");
  const blocks = [...text.matchAll(/^```.*\n([\s\S]*?)^```$/gm)].map(([, block = ""]) => block);
  const prose = text.replaceAll(/^```[\s\S]*?^```$/gm, "");
  const spans = [...prose.matchAll(/`([^`]+)`/g)].map(([, span = ""]) => span.replaceAll("\n", " "));
  const unquoted = prose.replaceAll(/`[^`]*`/g, "``");
  const links = [...unquoted.matchAll(/\]\(([^)\s]+)\)|<img src="([^"]+)"/g)];
  return {
    path: relative(ROOT, join(ROOT, path)),
    text,
    links: links.map(([, link, image]) => link ?? image ?? ""),
    code: [...spans, ...blocks.flatMap((block) => block.split("\n"))],
  };
}

/** The anchors that GitHub gives a document's headings. */
export function anchors(text: string): Set<string> {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}
