/**
 * Ends a command whose reader has ended, as `head` does after its lines. Other programs get SIGPIPE for this and end by
 * it, which shells show as 128 + 13. Node ignores the signal and emits an error on the stream instead, which nobody
 * expects.
 */
const CODE_OF_SIGPIPE = 141;

export function endWithReader(output: NodeJS.WriteStream): void {
  output.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(CODE_OF_SIGPIPE);
  });
}
