/** The Durable Object of a vector store, as `functions/vector-stores/store-state-rpc.ts` and its neighbors say. */
import { DurableObject } from "cloudflare:workers";
import type { Taker } from "../../runtime/background-work.ts";
import { unixSeconds } from "../../runtime/unix-seconds.ts";
import type { FileBatchFacts, FileBatchRpc, NewFileBatch } from "../../vector-stores/file-batch-rpc.ts";
import { MAX_ADDED, MAX_BATCH_FILES } from "../../vector-stores/store-limits.ts";
import type {
  KnownView,
  NewStore,
  OpenRow,
  PicturePage,
  PictureQuery,
  PicturesAdded,
  Refusal,
  SegmentRef,
  StoreFacts,
  StoreSettings,
  StoreView,
  VectorStoreRpc,
} from "../../vector-stores/store-state-rpc.ts";
import type { Filled, StoreCare, StoreWork, StoreWorkRpc } from "../../vector-stores/store-work-rpc.ts";
import type { Attributes, NewPicture, PictureFacts } from "../../vector-stores/stored-picture.ts";
import { migrate } from "../migrate.ts";
import { changesRow, factsOfPicture } from "./picture-table.ts";
import { STORE_MIGRATIONS } from "./store-migrations.ts";
import { expectFewRows, factsByNumber, rowsByNumber, viewOf } from "./store-reader.ts";
import {
  erasedRecord,
  expiryOf,
  factsOf,
  isQuiet,
  newRecord,
  refusalOf,
  type StoreRecord,
  use,
} from "./store-record.ts";
import { StoreWorkshop } from "./store-workshop.ts";
import { StoredStore } from "./stored-store.ts";

/** Keys of garbage that are told at once: R2 deletes so many objects in one call. */
const GARBAGE_KEYS = 1_000;

export class VectorStoreState extends DurableObject implements VectorStoreRpc, FileBatchRpc, StoreWorkRpc {
  readonly #storage: DurableObjectStorage;
  readonly #store: StoredStore;
  readonly #workshop: StoreWorkshop;

  constructor(ctx: DurableObjectState, env: object) {
    super(ctx, env);
    this.#storage = ctx.storage;
    this.#store = new StoredStore(ctx.storage);
    this.#workshop = new StoreWorkshop(this.#store);
    // Whoever asks for a store that does not exist is not to make tables.
    if (this.#store.record() !== undefined) migrate(ctx.storage, STORE_MIGRATIONS);
  }

  async create(account: string, id: string, store: NewStore): Promise<StoreFacts> {
    return this.#storage.transactionSync(() => {
      migrate(this.#storage, STORE_MIGRATIONS);
      const known = this.#store.record();
      if (known !== undefined) return factsOf(known);
      const record = newRecord(account, id, store);
      this.#store.write(record);
      return factsOf(record);
    });
  }

  async facts(): Promise<StoreFacts | undefined> {
    const record = this.#known();
    return record && factsOf(record);
  }

  async update(changes: Partial<StoreSettings>): Promise<StoreFacts | undefined> {
    const record = this.#known();
    if (record === undefined) return undefined;
    const { expiresAfterDays, ...others } = changes;
    Object.assign(record.made, others);
    if (expiresAfterDays !== undefined && record.expiredAt === null) {
      record.made.expiresAfterDays = expiresAfterDays;
      record.lastActiveAt = unixSeconds();
    }
    this.#store.write(record);
    return factsOf(record);
  }

  async remove(): Promise<boolean> {
    const record = this.#known();
    if (record === undefined) return false;
    this.#store.write({ ...record, isRemoved: true, expectedAt: Date.now() });
    return true;
  }

  async add(pictures: readonly NewPicture[], maxPictures: number): Promise<PicturesAdded | Refusal> {
    if (pictures.length > MAX_ADDED) throw new RangeError("too many pictures are added at once");
    return this.#change((record) => {
      if (pictures.some(({ row }) => row.ints.length !== record.made.width)) return "width";
      const files = new Set(pictures.map(({ fileId }) => fileId));
      const added = [...files].filter((fileId) => this.#store.pictures.get(fileId) === undefined);
      const refusal = refusalOf(record, added.length, pictures.length, maxPictures);
      if (refusal !== undefined) return this.#workshop.refusal(record, refusal);
      const facts = pictures.map((picture) => this.#store.put(record, picture));
      return { pictures: facts, mayCompact: this.#workshop.announceCompaction(record) };
    });
  }

  async setAttributes(fileId: string, attributes: Attributes): Promise<PicturesAdded | Refusal | undefined> {
    return this.#change((record) => {
      const known = this.#store.pictures.get(fileId);
      if (known === undefined) return undefined;
      const refusal = refusalOf(record, 0, changesRow(known, attributes) ? 1 : 0, 0);
      if (refusal !== undefined) return this.#workshop.refusal(record, refusal);
      const facts = this.#store.setAttributes(record, known, attributes);
      return { pictures: [facts], mayCompact: this.#workshop.announceCompaction(record) };
    });
  }

  async removePicture(fileId: string): Promise<boolean | undefined> {
    return this.#storage.transactionSync(() => {
      const record = this.#known();
      if (record === undefined) return undefined;
      const known = this.#store.pictures.get(fileId);
      if (known === undefined) return false;
      this.#store.remove(record, known);
      this.#store.write(record);
      return true;
    });
  }

  async picture(fileId: string): Promise<PictureFacts | undefined> {
    const row = this.#known() && this.#store.pictures.get(fileId);
    return row && factsOfPicture(row);
  }

  async pictures(query: PictureQuery): Promise<PicturePage | undefined> {
    return this.#known() && this.#store.pictures.list(query);
  }

  async view(known: KnownView | null): Promise<StoreView | "same" | "more" | "expired" | undefined> {
    const record = this.#known();
    if (record === undefined) return undefined;
    if (record.expiredAt !== null) return "expired";
    if (use(record)) this.#store.write(record);
    return viewOf(this.#store, record, known);
  }

  async describe(numbers: readonly number[]): Promise<Map<number, PictureFacts>> {
    expectFewRows(numbers);
    return this.#known() === undefined ? new Map() : factsByNumber(this.#store, numbers);
  }

  async damaged(key: string): Promise<void> {
    if (this.#known() !== undefined) this.#store.segments.damage(key);
  }

  async createBatch(batch: NewFileBatch, maxPictures: number): Promise<FileBatchFacts | Refusal> {
    if (batch.files.length > MAX_BATCH_FILES) throw new RangeError("too many files are in a batch");
    return this.#change((record) => {
      const { batches } = this.#store;
      const known = batches.facts(batch.id);
      if (known !== undefined) return known;
      const { added, opened } = this.#store.growthBy(batch);
      const refusal = refusalOf(record, added, opened, maxPictures);
      if (refusal !== undefined) return this.#workshop.refusal(record, refusal);
      if (!batches.makeRoom()) return "busy";
      this.#store.addBatch(record, batch);
      use(record);
      record.expectedAt = Date.now();
      return batches.facts(batch.id)!;
    });
  }

  async batch(id: string): Promise<FileBatchFacts | undefined> {
    return this.#known() && this.#store.batches.facts(id);
  }

  async cancelBatch(id: string): Promise<FileBatchFacts | undefined> {
    return this.#storage.transactionSync(() => {
      const record = this.#known();
      if (record === undefined || this.#store.batches.get(id) === undefined) return undefined;
      this.#store.cancelBatch(record, id);
      this.#store.write(record);
      return this.#store.batches.facts(id);
    });
  }

  async take(taker: Taker): Promise<StoreWork> {
    return this.#storage.transactionSync(() => {
      const record = this.#withRemoved();
      if (record === undefined) return { kind: "unknown" };
      const work = this.#workshop.take(record, taker);
      this.#store.write(record);
      return work;
    });
  }

  async renew(token: string): Promise<boolean> {
    return this.#lent(token, (record) => this.#workshop.renew(record)) ?? false;
  }

  async release(token: string, pauseMs: number, isFailure = false): Promise<void> {
    this.#lent(token, (record) => this.#workshop.release(record, pauseMs, isFailure));
  }

  async postpone(token: string, pauseMs: number): Promise<void> {
    this.#lent(token, (record) => this.#workshop.postpone(record, pauseMs));
  }

  async rows(numbers: Uint32Array): Promise<OpenRow[]> {
    expectFewRows(numbers);
    const record = this.#known();
    return record === undefined ? [] : rowsByNumber(this.#store, record, numbers);
  }

  async compacted(token: string, segment: SegmentRef, numbers: Uint32Array): Promise<boolean> {
    if (segment.rows !== numbers.length)
      throw new RangeError("a segment's numbers are not those of its rows");
    const isWanted = this.#lent(token, (record) => this.#workshop.compacted(record, segment, numbers));
    if (isWanted === true) return true;
    // Written by somebody whose time was over; or this was heard before.
    const record = this.#withRemoved();
    if (record === undefined) return false;
    const isKnown = this.#store.segments.has(segment.key);
    if (!isKnown) this.#store.segments.discard(segment.key);
    return isKnown;
  }

  async filled(
    token: string,
    files: readonly Filled[],
    pauseMs: number,
    isRestBroken = false,
  ): Promise<boolean> {
    return (
      this.#lent(token, (record) => this.#workshop.filled(record, files, pauseMs, isRestBroken)) ?? false
    );
  }

  async erased(): Promise<void> {
    const record = this.#withRemoved();
    if (record === undefined || (!record.isRemoved && record.expiredAt === null)) return;
    if (record.isRemoved) return await this.#storage.deleteAll();
    // At once, so that nobody finds no store between the two, and a crash does not make it one that never was.
    this.#storage.transactionSync(() => {
      this.#store.empty();
      this.#store.write(erasedRecord(record));
    });
  }

  async care(): Promise<StoreCare> {
    const record = this.#withRemoved();
    if (record === undefined) return { state: "unknown", garbage: [] };
    const isDue = this.#workshop.isDue(record) && isQuiet(record, this.#workshop.isCompactionDue(record));
    if (isDue) this.#store.write({ ...record, expectedAt: Date.now() });
    return { state: isDue ? "due" : "fine", garbage: this.#store.segments.garbage(GARBAGE_KEYS) };
  }

  async cleared(keys: readonly string[]): Promise<void> {
    if (this.#withRemoved() !== undefined) this.#store.segments.cleared(keys);
  }

  /** Changes what a client asks to change. If anything throws, nothing has changed. */
  #change<T>(work: (record: StoreRecord) => T): T | "gone" | "expired" {
    return this.#storage.transactionSync(() => {
      const record = this.#known();
      if (record === undefined) return "gone";
      if (record.expiredAt !== null) return "expired";
      const result = work(record);
      if (typeof result === "object") {
        use(record);
        this.#store.write(record);
      }
      return result;
    });
  }

  /** @returns undefined if the work is lent to another, or not wanted any more */
  #lent<T>(token: string, work: (record: StoreRecord) => T): T | undefined {
    return this.#storage.transactionSync(() => {
      const record = this.#known();
      if (record === undefined || record.expiredAt !== null || record.lent?.token !== token) return undefined;
      const result = work(record);
      this.#store.write(record);
      return result;
    });
  }

  #known(): StoreRecord | undefined {
    const record = this.#withRemoved();
    return record?.isRemoved === true ? undefined : record;
  }

  /** Notes that the store has expired, once it has: it stays so whatever its settings become. */
  #withRemoved(): StoreRecord | undefined {
    const record = this.#store.record();
    if (record === undefined || record.expiredAt !== null) return record;
    const expiry = expiryOf(record);
    if (expiry === null || unixSeconds() < expiry) return record;
    const expired = { ...record, expiredAt: expiry, version: record.version + 1 };
    this.#store.write(expired);
    return expired;
  }
}
