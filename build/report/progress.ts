/** One line that says what a long build is doing: rewritten in place on a terminal, a line a step elsewhere. */
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

/** For builds inside tests and other programs. */
export const silentProgress: Progress = { step() {}, done() {} };
