/** An account's files: its Durable Object, asked with a deadline, and the two steps that a deletion has. */
import { askAgain, askOnce } from "../runtime/ask-object.ts";
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

  async begin(upload: NewUpload): Promise<Begun> {
    return await once(() => this.#object().begin(upload));
  }

  async commit(blob: string, content: FileContent, isStored: boolean): Promise<Committed | undefined> {
    return await once(() => this.#object().commit(blob, content, isStored));
  }

  async abandon(blob: string): Promise<Abandoned> {
    return await again(() => this.#object().abandon(blob));
  }

  async ended(blob: string): Promise<void> {
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
    const removal = await again(() => this.#object().remove(id));
    if (removal === undefined) return false;
    await this.finish(removal);
    return true;
  }

  /** What a removal still needs. */
  async finish({ id, blob, number, isLast }: Removal): Promise<void> {
    await (isLast ? this.blobs.remove(blob) : this.blobs.revoke(blob, number));
    // R2 has let go of the file; if the object does not hear that, `due` comes back to it.
    await again(() => this.#object().removed(id)).catch((error: unknown) =>
      warn("removal of a file not noted", error),
    );
  }
}

const once = <T>(question: () => Promise<T>): Promise<T> => askOnce(question, unreachable);
const again = <T>(question: () => Promise<T>): Promise<T> => askAgain(question, unreachable);
