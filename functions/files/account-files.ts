/** An account's files: its Durable Object, asked with a deadline, and the two steps that a deletion has. */
import { askAgain, askOnce } from "../runtime/ask-object.ts";
import { isBusy } from "../runtime/r2.ts";
import { warn } from "../runtime/warn.ts";
import type {
  Abandoned,
  AccountFilesRpc,
  AccountNamespace,
  Begun,
  Committed,
  Due,
  FileContent,
  FileObject,
  FilePage,
  FileQuery,
  NewUpload,
  Removal,
} from "./account-files-rpc.ts";
import { BlobStore, unreachable } from "./blob-store.ts";

/** How often something is tried that others do to the same object of R2. */
const TRIES = 8;
/** Milliseconds between two of them, and up to twice as long: R2 takes one write a second of an object. */
const PAUSE = 1_000;

/** What files are kept in. */
export interface FileBindings {
  ACCOUNTS: AccountNamespace;
  FILES: R2Bucket;
}

/** Every method throws ServiceError `overloaded` while the object, or R2, does not answer. */
export class AccountFiles {
  readonly blobs: BlobStore;
  readonly #object: () => AccountFilesRpc;

  constructor({ ACCOUNTS, FILES }: FileBindings, account: string) {
    this.blobs = new BlobStore(FILES, account);
    // A stub that has met a broken object stays broken.
    this.#object = () => ACCOUNTS.getByName(account);
  }

  async begin(upload: NewUpload): Promise<Exclude<Begun, "unmarked">> {
    let isMarked = false;
    for (let left = TRIES; left > 0; left--) {
      const begun = await once(() => this.#object().begin(upload, isMarked));
      if (begun !== "unmarked") return begun;
      isMarked = await unlessBusy(() => this.blobs.mark());
      if (!isMarked) await pause();
    }
    throw unreachable(new Error("the account cannot be marked"));
  }

  async touch(blob: string): Promise<boolean> {
    return await again(() => this.#object().touch(blob));
  }

  async commit(blob: string, content: FileContent, isStored: boolean): Promise<Committed | undefined> {
    return await once(() => this.#object().commit(blob, content, isStored));
  }

  async abandon(blob: string): Promise<Abandoned> {
    return await again(() => this.#object().abandon(blob));
  }

  /** Whatever R2 has of an upload goes, and the note of it. */
  async clear(blob: string, uploadId: string | null): Promise<void> {
    for (let left = TRIES - 1; !(await unlessBusy(() => this.blobs.clear(blob, uploadId))); left--) {
      if (left === 0) throw unreachable(new Error(`${blob} is changed by others all the time`));
      await pause();
    }
    await again(() => this.#object().ended(blob));
  }

  async get(id: string): Promise<FileObject | undefined> {
    return await again(() => this.#object().get(id));
  }

  async list(query: FileQuery): Promise<FilePage> {
    return await again(() => this.#object().list(query));
  }

  async due(limit: number): Promise<Due> {
    return await again(() => this.#object().due(limit));
  }

  /** @returns false if there is no such file; otherwise it is gone everywhere, at once */
  async remove(id: string): Promise<boolean> {
    const ask = async (): Promise<Removal | undefined> => await again(() => this.#object().remove(id));
    const removal = await ask();
    if (removal === undefined) return false;
    // Others are removing files with the same bytes: one of them does it for all.
    const isCrowded = !removal.isLast && removal.numbers.length > 1;
    await this.finish(isCrowded ? await afterPause(ask) : removal, ask);
    return true;
  }

  /** What removals still need that are the last of their blobs; 1,000 of them at the most. */
  async finishLast(removals: readonly Removal[]): Promise<void> {
    await this.blobs.remove(removals.map(({ blob }) => blob));
    await this.#removed(removals);
  }

  /**
   * What a removal still needs.
   * @param ask says what it needs by now; undefined if others have finished it
   */
  async finish(
    begun: Removal | undefined,
    ask: () => Promise<Removal | undefined> = () => Promise.resolve(begun),
  ): Promise<void> {
    let removal = begun;
    for (let left = TRIES; removal !== undefined; left--) {
      if (left === 0) throw unreachable(new Error(`${removal.blob} is changed by others all the time`));
      const { blob, numbers, isLast } = removal;
      const isDone = await unlessBusy(() =>
        isLast ? this.blobs.remove([blob]) : this.blobs.revoke(blob, numbers),
      );
      if (isDone) return await this.#removed([removal]);
      removal = await afterPause(ask);
    }
  }

  /** R2 has let go of the files; if the object does not hear that, `due` comes back to them. */
  async #removed(removals: readonly Removal[]): Promise<void> {
    await again(() => this.#object().removed(removals)).catch((error: unknown) =>
      warn("removal of files not noted", error),
    );
  }
}

async function afterPause<T>(work: () => Promise<T>): Promise<T> {
  await pause();
  return await work();
}

/** @returns false if R2 is busy with the same object, or the work says false */
async function unlessBusy(work: () => Promise<boolean | void>): Promise<boolean> {
  try {
    return (await work()) ?? true;
  } catch (error) {
    if (isBusy(error)) return false;
    throw error;
  }
}

async function pause(): Promise<void> {
  await scheduler.wait(PAUSE * (1 + Math.random()));
}

const once = <T>(question: () => Promise<T>): Promise<T> => askOnce(question, unreachable);
const again = <T>(question: () => Promise<T>): Promise<T> => askAgain(question, unreachable);
