/** Shows what a long command is doing: on a terminal one line that is overwritten, elsewhere a line for each step. */
export interface Progress {
  step(what: string): void;
  done(): void;
}

export function terminalProgress(stream: NodeJS.WriteStream): Progress {
  const start = performance.now();
  const seconds = (): string => `${((performance.now() - start) / 1000).toFixed(1)} s`;
  return {
    step(what) {
      stream.write(stream.isTTY ? `\r\u001b[2K${seconds()}  ${what}` : `${seconds()}  ${what}\n`);
    },
    done() {
      if (stream.isTTY) stream.write("\r\u001b[2K");
    },
  };
}

/** Shows nothing; for builds in tests and other programs. */
export const silentProgress: Progress = { step() {}, done() {} };
