/**
 * The Durable Object of an account: its files, as `functions/files/account-files-rpc.ts` says, the names of its label
 * sets (`functions/label-sets/set-names-rpc.ts`) and which of them are computed (`account-builds-rpc.ts`), and which batches
 * and vector stores it has (`functions/batches/account-batches-rpc.ts`, `functions/vector-stores/account-stores-rpc.ts`).
 */
import { DurableObject } from "cloudflare:workers";
import type { AccountBatchesRpc, BatchPage } from "../../batches/account-batches-rpc.ts";
import type {
  Abandoned,
  AccountFilesRpc,
  Begun,
  Committed,
  Due,
  FileContent,
  FileObject,
  FilePage,
  FileQuery,
  NewUpload,
  Removal,
} from "../../files/account-files-rpc.ts";
import type {
  AccountBuildsRpc,
  AfterTurn,
  Build,
  BuildTurn,
  EndedTurn,
  NamedTurn,
  ResumedBuilds,
} from "../../label-sets/builds/account-builds-rpc.ts";
import type { BuildMessage } from "../../label-sets/builds/build-message.ts";
import type { Naming, SetNamesRpc } from "../../label-sets/set-names-rpc.ts";
import type { AccountStoresRpc, StorePage, StoreQuery } from "../../vector-stores/account-stores-rpc.ts";
import { ACCOUNT_MIGRATIONS } from "./account-migrations.ts";
import { BatchList } from "./batch-list.ts";
import { FileTables } from "./file-tables.ts";
import { FillingStores } from "./filling-stores.ts";
import { migrate } from "../migrate.ts";
import { SetBuilds } from "./set-builds.ts";
import { SetNameTable } from "./set-name-table.ts";
import { StoreList } from "./store-list.ts";
import { UploadTable } from "./upload-table.ts";

export class AccountState
  extends DurableObject
  implements AccountFilesRpc, SetNamesRpc, AccountBuildsRpc, AccountBatchesRpc, AccountStoresRpc
{
  readonly #files: FileTables;
  readonly #uploads: UploadTable;
  readonly #setNames: SetNameTable;
  readonly #setBuilds: SetBuilds;
  readonly #batches: BatchList;
  readonly #stores: StoreList;
  readonly #filling: FillingStores;

  constructor(ctx: DurableObjectState, env: object) {
    super(ctx, env);
    migrate(ctx.storage, ACCOUNT_MIGRATIONS);
    this.#files = new FileTables(ctx.storage);
    this.#uploads = new UploadTable(ctx.storage);
    this.#setNames = new SetNameTable(ctx.storage);
    this.#setBuilds = new SetBuilds(ctx.storage);
    this.#batches = new BatchList(ctx.storage);
    this.#stores = new StoreList(ctx.storage);
    this.#filling = new FillingStores(ctx.storage);
  }

  async begin(upload: NewUpload, isMarked: boolean): Promise<Begun> {
    if (isMarked) this.#files.mark();
    const totals = this.#files.totals();
    return this.#uploads.begin(upload, { ...totals, bytes: totals.bytes + this.#batches.answerBytes() });
  }

  async touch(blob: string): Promise<boolean> {
    return this.#uploads.touch(blob);
  }

  /** Nothing else happens in the object meanwhile: an id is made with Web Crypto, which is awaited. */
  async commit(blob: string, content: FileContent, isStored: boolean): Promise<Committed | undefined> {
    return await this.ctx.blockConcurrencyWhile(async () => {
      const upload = this.#uploads.open(blob);
      if (upload === undefined) return undefined;
      const known = this.#files.blobOf(content.sha256);
      if (known === undefined && !isStored) return undefined;
      const file = await this.#files.newFile(known ?? { blob, key: upload.key, number: 0 }, content);
      return this.ctx.storage.transactionSync(() => {
        this.#files.insert(file, content.sha256);
        // What R2 has of a duplicate is still to be cleared.
        if (known === undefined) this.#uploads.end(blob);
        else this.#uploads.close(blob, file.object.id);
        return { file: file.object, isDuplicate: known !== undefined };
      });
    });
  }

  async abandon(blob: string): Promise<Abandoned> {
    return this.ctx.storage.transactionSync(() => {
      const upload = this.#uploads.abandon(blob);
      const made = upload === undefined ? this.#files.firstOf(blob) : upload.file;
      const removal = made === null ? undefined : this.#files.remove(made);
      return { mayClear: !this.#files.hasBlob(blob), ...(removal === undefined ? {} : { removal }) };
    });
  }

  async ended(blob: string): Promise<void> {
    this.#uploads.end(blob);
  }

  async get(id: string): Promise<FileObject | undefined> {
    return this.#files.get(id);
  }

  async list(query: FileQuery): Promise<FilePage> {
    return this.#files.list(query);
  }

  async remove(id: string): Promise<Removal | undefined> {
    return this.#files.remove(id);
  }

  async removed(removals: readonly Removal[]): Promise<void> {
    this.#files.removed(removals);
  }

  async due(limit: number): Promise<Due> {
    const files = this.#files.due(limit);
    const uploads = this.#uploads.due(limit);
    return { removals: files.removals, uploads, hasMore: files.hasMore || uploads.length === limit };
  }

  async nameSet(name: string, id: string, isComputed: boolean, revision?: string): Promise<Naming> {
    return this.#setNames.give(name, id, isComputed, revision);
  }

  async setNamed(name: string): Promise<string | undefined> {
    return this.#setNames.setOf(name);
  }

  async namesOfSets(ids: readonly string[]): Promise<Record<string, string>> {
    return this.#setNames.namesOf(ids);
  }

  async setComputed(id: string, revision?: string, served?: readonly string[]): Promise<void> {
    this.#setNames.computed(id, revision, served);
  }

  async setRemoved(id: string): Promise<void> {
    this.#setNames.removed(id);
    this.#setBuilds.removed(id);
  }

  async openBuild(build: Build, most: number, message?: BuildMessage): Promise<boolean> {
    return this.#setBuilds.open(build, most, message);
  }

  async beginTurn(message: BuildMessage, most: number, call: string): Promise<BuildTurn> {
    return this.#setBuilds.begin(message, most, call);
  }

  async endTurn(turn: NamedTurn, after: AfterTurn, most: number, call: string): Promise<EndedTurn> {
    return this.#setBuilds.end(turn, after, most, call);
  }

  async dropMessage(message: BuildMessage, most: number, call: string): Promise<BuildMessage[]> {
    return this.#setBuilds.drop(message, most, call);
  }

  async resumeBuilds(most: number, call: string): Promise<ResumedBuilds> {
    return this.#setBuilds.resume(most, call);
  }

  async addBatch(id: string, maxOpen: number): Promise<boolean> {
    return this.#batches.add(id, maxOpen);
  }

  async listBatches(after: string | null, limit: number): Promise<BatchPage | undefined> {
    return this.#batches.list(after, limit);
  }

  async mayBegin(id: string, most: number): Promise<boolean> {
    return this.#batches.mayBegin(id, most);
  }

  async batchOver(id: string, most: number): Promise<string[]> {
    return this.#batches.over(id, most);
  }

  async storeAnswers(id: string, bytes: number, maxStored: number): Promise<boolean> {
    return this.#batches.storeAnswers(id, bytes) + this.#files.totals().bytes <= maxStored;
  }

  async forgetBatch(id: string): Promise<void> {
    this.#batches.forget(id);
  }

  async addStore(id: string, most: number): Promise<boolean> {
    return this.#stores.add(id, most);
  }

  async listStores(query: StoreQuery): Promise<StorePage> {
    return this.#stores.list(query);
  }

  async forgetStore(id: string): Promise<void> {
    this.#stores.forget(id);
  }

  async beginFilling(id: string, most: number): Promise<number> {
    return this.#filling.begin(id, most);
  }

  async endFilling(id: string): Promise<void> {
    this.#filling.end(id);
  }
}
