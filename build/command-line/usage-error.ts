/** A command that was typed wrong: the message names the flag or value. It is shown with the command's usage. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
