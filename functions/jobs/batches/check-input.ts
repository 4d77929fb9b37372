/** Checks the input of a batch line by line, as it is read, and cuts it into parts. */
import type { BatchError } from "../../batches/batch-object.ts";
import {
  MAX_BATCH_BLANK_LINES,
  MAX_BATCH_ERRORS,
  MAX_BATCH_IMAGES,
  MAX_BATCH_INPUTS,
  MAX_BATCH_LINES,
  MAX_LINE_BYTES,
} from "../../batches/batch-limits.ts";
import type { NewPart, Work } from "../../batches/batch-state-rpc.ts";
import { type Line, readLines } from "../../batches/read-lines.ts";
import { AccountFiles } from "../../files/account-files.ts";
import { freeBuffer } from "../../runtime/bytes/free-buffer.ts";
import { sha256Hex } from "../../../model-shards/sha256.ts";
import { SignOfLife } from "../../runtime/sharing/sign-of-life.ts";
import { checkLine, type CheckedLine, fault } from "./check-line.ts";
import type { HeldWork } from "../held-work.ts";
import type { JobsBindings } from "../jobs-bindings.ts";
import { PartCutter } from "./part-cutter.ts";

/** Parts that the batch's object is told of at once, and characters of their ids. */
const PARTS_AT_ONCE = 64;
const IDS_AT_ONCE = 500_000;
/** An id that is longer is remembered by its hash. */
const REMEMBERED_LENGTH = 64;
/** Lines between two questions whether the check is still wanted. A line of 10 MB takes a second at the most. */
const RENEW_EVERY = 16;
/** Milliseconds without a sign of life after which a check in this isolate has ended. */
const EXPIRY_MS = 30_000;
/** Milliseconds until it is checked again whether the isolate has room. */
const AGAIN_MS = 5_000;

/** The check that the isolate has room for: a line of 10 MB takes three times as much until it is checked. */
let checking: SignOfLife | undefined;

/** `againMs`: it was not done. */
export type CheckOutcome = "in order" | "refused" | { againMs: number };

export async function checkInput(
  work: Extract<Work, { kind: "check" }>,
  held: HeldWork,
  env: JobsBindings,
): Promise<CheckOutcome> {
  if (checking?.isOlderThan(EXPIRY_MS) === false) {
    await held.release(0);
    return { againMs: AGAIN_MS };
  }
  const sign = new SignOfLife();
  checking = sign;
  try {
    return await new InputCheck(work, held, sign).run(env);
  } catch (error) {
    await held.release(0);
    throw error;
  } finally {
    if (checking === sign) checking = undefined;
  }
}

class InputCheck {
  readonly #work: Extract<Work, { kind: "check" }>;
  readonly #held: HeldWork;
  readonly #sign: SignOfLife;
  readonly #errors: BatchError[] = [];
  /** `custom_id` or its hash → line. */
  readonly #seen = new Map<string, number>();
  readonly #parts: NewPart[] = [];
  #idLength = 0;
  #toldParts = 0;
  #lines = 0;
  #blankLines = 0;
  #inputs = 0;
  #images = 0;
  #isTooLarge = false;

  constructor(work: Extract<Work, { kind: "check" }>, held: HeldWork, sign: SignOfLife) {
    this.#work = work;
    this.#held = held;
    this.#sign = sign;
  }

  async run(env: JobsBindings): Promise<CheckOutcome> {
    const { batch } = this.#work;
    const input = await new AccountFiles(env, batch.account).blobs.open(batch.inputFile);
    if (input === undefined) {
      return await this.#refuse([
        fault("file_not_found", "the input file was deleted or has expired", "input_file_id"),
      ]);
    }
    const cutter = new PartCutter();
    let number = 0;
    for await (const line of readLines(input.body, MAX_LINE_BYTES)) {
      number++;
      this.#sign.renew();
      if (number % RENEW_EVERY === 0 && !(await this.#held.renew())) return "refused";
      const checked = await this.#check(line, number);
      if (checked !== undefined && this.#errors.length === 0) await this.#take(cutter.add(line, checked));
      const { excess } = cutter;
      if (excess !== undefined) return await this.#refuse([fault("too_many_items", excess)]);
      if (this.#isTooLarge || this.#errors.length >= MAX_BATCH_ERRORS) break;
    }
    if (this.#errors.length > 0) return await this.#refuse(this.#errors);
    if (this.#lines === 0)
      return await this.#refuse([fault("empty_file", "the input file has no lines", "input_file_id")]);
    await this.#take(cutter.end());
    if (!(await this.#tell())) return "refused";
    await this.#held.state.checked(this.#held.token, this.#lines);
    return "in order";
  }

  /** @returns undefined for a blank line, and for one that is not in order */
  async #check({ bytes }: Line, number: number): Promise<CheckedLine | undefined> {
    const refuse = (error: Omit<BatchError, "line">): undefined => {
      this.#errors.push({ ...error, line: number });
    };
    if (bytes === undefined) {
      return refuse(fault("line_too_long", `the line has more than ${MAX_LINE_BYTES} bytes`));
    }
    const checked = checkLine(bytes, this.#work.batch.endpoint);
    freeBuffer(bytes);
    if (checked === undefined) {
      this.#blankLines++;
      this.#checkLimits(number);
      return undefined;
    }
    if ("code" in checked) return refuse(checked);
    const key =
      checked.customId.length <= REMEMBERED_LENGTH ? checked.customId : await hashOf(checked.customId);
    const first = this.#seen.get(key);
    if (first !== undefined) {
      const message = `the custom_id is that of line ${first}; each must be used once`;
      return refuse(fault("duplicate_custom_id", message, "custom_id"));
    }
    this.#seen.set(key, number);
    this.#lines++;
    this.#images += checked.images;
    if (this.#work.batch.endpoint === "/v1/embeddings") this.#inputs += checked.items;
    return this.#checkLimits(number) ? checked : undefined;
  }

  /** Refuses the input at this line if it has too much of something. @returns false if it has */
  #checkLimits(number: number): boolean {
    const limits = [
      [this.#lines, MAX_BATCH_LINES, "lines"],
      [this.#blankLines, MAX_BATCH_BLANK_LINES, "blank lines"],
      [this.#inputs, MAX_BATCH_INPUTS, "inputs of embeddings"],
      [this.#images, MAX_BATCH_IMAGES, "pictures"],
    ] as const;
    const over = limits.find(([count, most]) => count > most);
    if (over === undefined) return true;
    const [, most, what] = over;
    // Whatever else is wrong does not matter then.
    this.#errors.length = 0;
    this.#errors.push({ ...fault("too_many_items", `a batch has at most ${most} ${what}`), line: number });
    this.#isTooLarge = true;
    return false;
  }

  async #take(part: NewPart | undefined): Promise<void> {
    if (part === undefined) return;
    this.#parts.push(part);
    for (const id of part.customIds) this.#idLength += id.length;
    if (this.#parts.length >= PARTS_AT_ONCE || this.#idLength >= IDS_AT_ONCE) await this.#tell();
  }

  async #tell(): Promise<boolean> {
    const parts = this.#parts.splice(0);
    this.#idLength = 0;
    const first = this.#toldParts + 1;
    this.#toldParts += parts.length;
    return await this.#held.state.addParts(this.#held.token, first, parts);
  }

  async #refuse(errors: (Omit<BatchError, "line"> & { line?: number | null })[]): Promise<CheckOutcome> {
    const listed = errors.map((error) => ({ line: null, ...error }));
    await this.#held.state.refused(this.#held.token, listed);
    return "refused";
  }
}

async function hashOf(id: string): Promise<string> {
  return await sha256Hex(new TextEncoder().encode(id));
}
