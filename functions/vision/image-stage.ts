/** The isolate's stage of the image tower. */
import type { ShardsFetcher } from "../runtime/model-store/shards-cache.ts";
import type { Manifest } from "../../model-shards/manifest.ts";
import { planStages } from "../../model-shards/plan-stages.ts";
import { Admission } from "../runtime/sharing/admission.ts";
import { withDeadline } from "../runtime/deadline.ts";
import { ServiceError } from "../runtime/errors.ts";
import { withHeartbeat } from "../runtime/sharing/heartbeat.ts";
import type { WaitUntil } from "../runtime/sharing/lease.ts";
import { leasedManifest } from "../runtime/model-store/leased-manifest.ts";
import { configuredModel } from "../runtime/model-store/configured-model.ts";
import type { SourceReport } from "../runtime/model-store/source-report.ts";
import { normalizeRows } from "../runtime/normalize.ts";
import type { Tensor } from "../runtime/tensor.ts";
import type { Embeddings, Priority, WorkerStats, VisionStageRpc } from "../runtime/rpc.ts";
import { rpcValue } from "../runtime/rpc-result.ts";
import type { CreateEngine } from "../runtime/tower/engine.ts";
import { plannedShape } from "../runtime/tower/planned-shape.ts";
import { parseStage } from "../runtime/tower/stage.ts";
import { assertWanted, type Wanted } from "../runtime/sharing/wanted.ts";
import { Tower, type Visitor } from "../runtime/tower/tower.ts";
import { InputRoom, type InputShare, SMALL_INPUTS } from "./input-room.ts";
import type { Arriving, MakeInput } from "./pixels-to-tensor.ts";
import { writeTensor } from "./tensor-stream.ts";

export interface VisionEnv {
  MODELS: R2Bucket;
  /** The Worker that reads models' files through the data center's cache. */
  SHARDS?: ShardsFetcher;
  /** `<alias>@<revision>`. */
  MODEL: string;
  /** `<stage>/<stages>`; the whole tower if not set. */
  STAGE?: string;
  /** The Worker of the next stage; not for the last one. */
  NEXT?: VisionStageRpc;
}

type Pictures = AsyncIterable<Arriving> | Iterable<Arriving>;

/** Requests of each size that an isolate works on or keeps waiting: at half a second a picture, some ten seconds. */
const MAX_REQUESTS = 16;

/** Share of a stage's time to tell its figures that the next one has: the answer then names the stage that is silent. */
const SHARE_OF_NEXT = 0.8;

interface Resident {
  tower: Tower;
  inputs: InputRoom;
  isLast: boolean;
  /** Number of the tower's stages. */
  stages: number;
}

let resident: Resident | undefined;
const admission = new Admission(MAX_REQUESTS);

/** @throws ServiceError `model_unavailable`, `not_configured` */
export async function imageStage(
  createEngine: CreateEngine,
  env: VisionEnv,
  waitUntil: WaitUntil,
): Promise<ImageStage> {
  const { manifest, report } = await leasedManifest(env, env.MODEL, waitUntil);
  resident ??= createTower(createEngine, manifest, report, env);
  const { isLast } = resident;
  if (!isLast && env.NEXT === undefined) {
    throw new ServiceError("not_configured", "this stage of the image tower is not bound to the next one");
  }
  return new ImageStage(manifest, resident, isLast ? undefined : env.NEXT, waitUntil);
}

function createTower(
  createEngine: CreateEngine,
  manifest: Manifest,
  report: SourceReport,
  env: VisionEnv,
): Resident {
  const { index, count } = parseStage(env.STAGE);
  const plan = planStages(manifest.image.shards, count);
  const shards = plan[index];
  if (shards === undefined) {
    throw new ServiceError("not_configured", `the image tower has ${plan.length} stages, not ${count}`);
  }
  const { prefix } = configuredModel(env.MODEL);
  const source = { bucket: env.MODELS, prefix, shards: env.SHARDS, report };
  const { size } = manifest.image;
  const inputShape = plannedShape(shards, { height: size, width: size });
  const isLast = index === plan.length - 1;
  return {
    tower: new Tower(createEngine, { shards, source, inputShape }),
    // The output of another stage may be many times as large as the input.
    inputs: new InputRoom(isLast ? SMALL_INPUTS : 0),
    isLast,
    stages: plan.length,
  };
}

/** The isolate's stage for one request. */
export class ImageStage {
  readonly manifest: Manifest;
  readonly #tower: Tower;
  readonly #stages: number;
  readonly #inputs: InputRoom;
  readonly #next: VisionStageRpc | undefined;
  readonly #waitUntil: WaitUntil;

  constructor(
    manifest: Manifest,
    { tower, inputs, stages }: Resident,
    next: VisionStageRpc | undefined,
    waitUntil: WaitUntil,
  ) {
    this.manifest = manifest;
    this.#tower = tower;
    this.#stages = stages;
    this.#inputs = inputs;
    this.#next = next;
    this.#waitUntil = waitUntil;
  }

  get stats(): WorkerStats {
    return this.#tower.stats;
  }

  /**
   * Figures of this stage, and in `next` those of the later ones, as far as these answer.
   * @param patience milliseconds within which all of them should answer
   */
  async allStats(patience: number): Promise<WorkerStats> {
    const own = { ...this.stats, stages: this.#stages };
    const next = this.#next;
    if (next === undefined) return own;
    const left = SHARE_OF_NEXT * patience;
    try {
      return { ...own, next: await withDeadline(left, () => next.stats(left)) };
    } catch (error) {
      return { ...own, nextError: String(error) };
    }
  }

  /** Loads this stage and the later ones. */
  async wake(requestId: string): Promise<void> {
    await Promise.all([this.#tower.ready(this.#waitUntil), this.#next?.wake(requestId)]);
  }

  /** @returns the same embeddings at unit length */
  normalized({ embeddings, ...rest }: Embeddings): Embeddings {
    return { ...rest, embeddings: normalizeRows(embeddings, this.manifest.embedding_width) };
  }

  /**
   * Embeds pictures one at a time, so that no vector depends on other pictures. Takes turns with other requests.
   * @param pictures this stage's first activation for each picture; read when there is room for it
   * @param wanted as in `rpc.ts`
   * @throws ServiceError `model_unavailable`, `overloaded`
   */
  async embed(
    pictures: Pictures,
    count: number,
    wanted: Wanted,
    requestId: string,
    priority: Priority = "interactive",
  ): Promise<Embeddings> {
    const size = priority === "background" ? priority : count === 1 ? "small" : "large";
    return await admission.admit(size, async (alive) => {
      const share = this.#inputs.open(priority);
      const check = async (): Promise<void> => {
        await assertWanted(wanted);
        alive();
        share.renew();
      };
      const visitor = { check, waitUntil: this.#waitUntil, priority };
      const outputs = this.#outputs(pictures, share, visitor);
      try {
        return this.#next === undefined
          ? await this.#finish(outputs, count)
          : await this.#passOn(outputs, count, requestId, this.#next, visitor);
      } finally {
        share.close();
      }
    });
  }

  async #finish(outputs: AsyncIterable<Tensor>, count: number): Promise<Embeddings> {
    const { revision, embedding_width: width } = this.manifest;
    const embeddings = new Float32Array(count * width);
    const wasReady = this.#tower.isReady;
    let row = 0;
    for await (const { data } of outputs) {
      embeddings.set(data as Float32Array, width * row++);
    }
    const { loaded } = this.#tower;
    return { revision, embeddings, ...(!wasReady && loaded && { loaded }) };
  }

  /**
   * The output for each picture. The first picture may run while the tower is still being loaded. A picture's room is
   * given back when its output has been taken.
   */
  async *#outputs(pictures: Pictures, share: InputShare, visitor: Visitor): AsyncGenerator<Tensor> {
    const ready = withHeartbeat(visitor.check, () => this.#tower.ready(visitor.waitUntil));
    const arriving =
      Symbol.asyncIterator in pictures ? pictures[Symbol.asyncIterator]() : pictures[Symbol.iterator]();
    // If the load fails, the caller gets the error at once, not after the first picture.
    const failure = ready.then(() => Promise.withResolvers<never>().promise);
    const first = await Promise.race([nextInput(arriving, share, visitor), failure]);
    if (first === undefined) return;
    yield await this.#tower.runSoon(visitor, first, ready);
    for (;;) {
      share.giveBack();
      const input = await nextInput(arriving, share, visitor);
      if (input === undefined) return;
      yield await this.#tower.turn(visitor, () => this.#tower.run(input()));
    }
  }

  /**
   * Calls the next stage before this one is ready, so that a cold start loads both at the same time. The next stage
   * asks through this one whether the client still waits. While this stage waits for the next one, these calls are its
   * signs of life.
   */
  async #passOn(
    outputs: AsyncIterable<Tensor>,
    count: number,
    requestId: string,
    next: VisionStageRpc,
    visitor: Visitor,
  ): Promise<Embeddings> {
    const { readable, writable } = new IdentityTransformStream();
    const wanted = (): Promise<boolean> =>
      visitor.check().then(
        () => true,
        () => false,
      );
    const answer = next.embedActivations(readable, count, wanted, requestId, visitor.priority);
    // If this stage fails first, the next stage's error about the broken stream is ignored.
    answer.catch(() => {});
    const writer = writable.getWriter();
    try {
      for await (const output of outputs) {
        // If the next stage does not read the stream any more, it has failed, and its answer gives the reason.
        if (!(await writeTensor(writer, output))) break;
      }
    } catch (error) {
      await writer.abort(error).catch(() => {});
      throw error;
    }
    await writer.close().catch(() => {});
    return rpcValue(await answer);
  }
}

/** Reads the next picture once there is room for it; undefined after the last one. */
async function nextInput(
  arriving: AsyncIterator<Arriving> | Iterator<Arriving>,
  share: InputShare,
  { check }: Visitor,
): Promise<MakeInput | undefined> {
  return await withHeartbeat(check, async (signal) => {
    const next = await arriving.next();
    if (next.done === true) return undefined;
    await share.take(next.value.bytes, signal);
    return await next.value.read();
  });
}
