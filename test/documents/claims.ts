/**
 * What the documents' programs print, as they say themselves: in a block of shell or JavaScript, a comment `# → text`
 * or `// → text` says that what was printed since the one before, or since the start, has this text in it.
 */
const BLOCK = /^```(sh|js|ts)\n([\s\S]*?)^```$/gm;
const CLAIM = /^(?:#|\/\/) → (.+)$/;

export interface ClaimedBlock {
  language: "shell" | "script";
  /** The program, with `MARK` printed at each claim. */
  program: string;
  claims: string[];
  /** True if it has what its reader must fill in. */
  hasGaps: boolean;
}

/** Separates what is printed before a claim from what is printed after it. */
export const MARK = "\u001e";

/** The blocks of a document that talk to a service on this machine. */
export function localBlocks(text: string): ClaimedBlock[] {
  const blocks = [...text.matchAll(BLOCK)].map(([, name, block = ""]) => {
    const language = name === "sh" ? ("shell" as const) : ("script" as const);
    const mark = language === "shell" ? `printf '\\036'` : `process.stdout.write("\\u001e");`;
    const claims: string[] = [];
    const lines = block.split("\n").map((line) => {
      const [, claim] = CLAIM.exec(line) ?? [];
      if (claim === undefined) return line;
      claims.push(claim);
      return mark;
    });
    return { language, program: lines.join("\n"), claims, hasGaps: /…|<subdomain>/.test(block) };
  });
  return blocks.filter(({ program }) =>
    /localhost:8787|npm run (?:-s )?(?:classify|retrieval) /.test(program),
  );
}
