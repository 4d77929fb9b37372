/**
 * The entry of every script: reads the command line, answers `--help`, and reports errors.
 *
 * A wrong command line is answered with one line, the usage and exit code 2. A failure while the command runs is
 * answered with one line and exit code 1. Only a fault of the program itself shows a stack. Where nobody reads the
 * output any more, as in `… | head`, it ends without a word.
 */
import { parseArgs, type ParseArgsOptionDescriptor } from "node:util";
import { isOfNetwork, messageOf } from "./message-of.ts";
import { printableLines } from "./printable.ts";
import { UsageError } from "./usage-error.ts";

export interface Option extends ParseArgsOptionDescriptor {
  /** Its description in `--help`, which adds the default. */
  about: string;
  /** Placeholder of its value in `--help`, such as `<file>`. */
  value?: string;
}

type Options = Record<string, Option>;

export interface Command<O extends Options> {
  /** Its usage: `npm run model:push -- <folder> … [--remote]`. */
  usage: string;
  /** Its description in `--help`. */
  about: string;
  /** Its positional arguments, in order: `<required>`, `[optional]`, or either with ` …` for any number. */
  words?: readonly string[];
  options?: O;
}

export interface CommandLine<O extends Options> {
  values: ReturnType<typeof parseArgs<{ options: O }>>["values"];
  words: string[];
}

/** Runs a command and reports what it throws. @param typed the arguments after the script's name */
export async function runCommand<const O extends Options = Options>(
  command: Command<O>,
  run: (values: CommandLine<O>["values"], words: string[]) => Promise<void> | void,
  typed?: readonly string[],
): Promise<void> {
  const { values, words } = readCommandLine(
    command,
    (...line) => ({ values: line[0], words: line[1] }),
    typed,
  );
  try {
    await run(values, words);
  } catch (error) {
    if (error instanceof UsageError) endWithUsage(command.usage, error);
    console.error(isFault(error) ? error : printableLines(messageOf(error)));
    process.exitCode = 1;
  }
}

/**
 * For scripts whose program is at the top level of the file. Ends the process after `--help`, and after a wrong command
 * line.
 * @param read converts the command line to the values that the script needs
 */
export function readCommandLine<T, const O extends Options = Options>(
  command: Command<O>,
  read: (values: CommandLine<O>["values"], words: string[]) => T = () => undefined as T,
  typed: readonly string[] = process.argv.slice(2),
): T {
  for (const output of [process.stdout, process.stderr]) endWithReader(output);
  if (asksForHelp(typed)) {
    console.log(help(command));
    process.exit(0);
  }
  try {
    const { values, words } = parse(command, typed);
    return read(values, words);
  } catch (error) {
    if (error instanceof UsageError) endWithUsage(command.usage, error);
    throw error;
  }
}

function endWithUsage(usage: string, { message }: UsageError): never {
  console.error(`${printableLines(message)}\nusage: ${usage}`);
  process.exit(2);
}

function asksForHelp(typed: readonly string[]): boolean {
  const end = typed.indexOf("--");
  const flags = end === -1 ? typed : typed.slice(0, end);
  return flags.includes("--help") || flags.includes("-h");
}

/** @throws UsageError naming the option or argument */
function parse<O extends Options>(
  { options, words = [] }: Command<O>,
  typed: readonly string[],
): CommandLine<O> {
  const config = { args: [...typed], allowPositionals: true, options: options ?? {} };
  const { values, positionals } = withUsageErrors(() => parseArgs(config));
  const missing = words[positionals.length];
  if (missing?.startsWith("<") === true) throw new UsageError(`${missing} is missing`);
  const surplus = positionals[words.length];
  if (surplus !== undefined && !/…[>\]]?$/.test(words.at(-1) ?? "")) {
    throw new UsageError(`"${surplus}" is one argument too many`);
  }
  return { values: values as CommandLine<O>["values"], words: positionals };
}

/** @throws UsageError for a command line that `parseArgs` refuses */
function withUsageErrors<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    if (!code.startsWith("ERR_PARSE_ARGS")) throw error;
    // The sentences after the first are advice about arguments that begin with a dash.
    throw new UsageError(message.split(/\. |\n/, 1)[0] ?? message, { cause: error });
  }
}

function help<O extends Options>({ usage, about, options }: Command<O>): string {
  const all: Options = { ...options, help: { type: "boolean", about: "this text" } };
  const rows = Object.entries(all).map(([name, { value = "<value>", about: what, ...option }]) => {
    const preset = typeof option.default === "string" ? ` (default: ${option.default})` : "";
    return [option.type === "boolean" ? `--${name}` : `--${name} ${value}`, what + preset] as const;
  });
  const width = Math.max(...rows.map(([flag]) => flag.length));
  const table = rows.map(([flag, what]) => `  ${flag.padEnd(width)}  ${what}`);
  return [`usage: ${usage}`, "", about, "", ...table].join("\n");
}

/** True if the program itself is wrong, not its input. */
function isFault(error: unknown): boolean {
  if (!(error instanceof Error)) return true;
  return /^(?:Type|Range|Reference|Syntax|Zod|Assertion)Error/.test(error.name) && !isOfNetwork(error);
}

/**
 * Ends a command whose reader has ended, as `head` does after its lines. Other programs get SIGPIPE for this and end by
 * it, which shells show as 128 + 13. Node ignores the signal and emits an error on the stream instead, which nobody
 * expects.
 */
const CODE_OF_SIGPIPE = 141;

function endWithReader(output: NodeJS.WriteStream): void {
  output.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(CODE_OF_SIGPIPE);
  });
}
