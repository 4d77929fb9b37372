/** A wrong command line. The message names the option or value, and is shown with the command's usage. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
