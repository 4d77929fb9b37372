/** The place of the printed tables in docs/scale.md: between two comments. */
const BEGIN = "<!-- npm run scale -- --write: from here -->";
const END = "<!-- to here -->";

/** @returns the document with these tables @throws Error if it has no place for them */
export function withTables(document: string, tables: string): string {
  const { before, after } = parts(document);
  return `${before}${BEGIN}\n\n${tables}\n\n${END}${after}`;
}

/** @returns the tables as the document has them */
export function tablesOf(document: string): string {
  return parts(document).tables;
}

function parts(document: string): { before: string; tables: string; after: string } {
  const [begin, end] = [document.indexOf(BEGIN), document.indexOf(END)];
  if (begin === -1 || end < begin) throw new Error(`the document has no lines "${BEGIN}" and "${END}"`);
  return {
    before: document.slice(0, begin),
    tables: document.slice(begin + BEGIN.length, end).trim(),
    after: document.slice(end + END.length),
  };
}
