/** `/v1/label_sets`: labels that are stored once and then used by id or name. */
import { type Context, Hono } from "hono";
import type { Manifest } from "../../../model-shards/manifest.ts";
import { accountOf, callerOf, clientOf } from "../middleware/caller-of.ts";
import { embedContext, wantedBy } from "./request/embedding-context.ts";
import { readFields } from "./request/fields-and-pictures.ts";
import type { GatewayEnv } from "../middleware/gateway-env.ts";
import { isSmall } from "../label-sets/build-set.ts";
import {
  countPrompts,
  DEFAULT_NEGATIVE,
  isLabelSetId,
  type LabelDefinition,
  type LabelSetDefinition,
  labelSetId,
  labelsOfExamples,
} from "../../label-sets/definition.ts";
import { describeSet } from "../label-sets/describe-set.ts";
import { ImageCache } from "../embed/image-cache.ts";
import type { EmbedContext } from "../embed/embed-context.ts";
import { PictureBatch } from "../embed/picture-batch.ts";
import type { Usage } from "../embed/usage.ts";
import {
  embedWithExamples,
  isTaught,
  type RequestLabel,
  withHashes,
  withoutExamples,
} from "../label-sets/embed-examples.ts";
import { removeMatrix } from "../label-sets/matrix-cache.ts";
import { matrixBytes } from "../../label-sets/label-matrix.ts";
import { MATRIX_ROOM, setTooLarge } from "../label-sets/matrix-memory.ts";
import { openBuild, requestBuild, resumeBuild } from "../label-sets/request-build.ts";
import { OpenBuilds } from "../../label-sets/builds/open-builds.ts";
import { isComplete, type LabelSetSummary, SetStore } from "../../label-sets/set-store.ts";
import { forgetName, freshSet } from "../label-sets/named-set.ts";
import { forgetLabels, labelSetNotFound, storedLabels } from "../label-sets/stored-labels.ts";
import { withDefinition } from "../label-sets/with-definition.ts";
import { SetNames } from "../../label-sets/set-names.ts";
import { ServiceError } from "../../runtime/errors.ts";
import { warn } from "../../runtime/warn.ts";
import { Pauses } from "../../runtime/sharing/pauses.ts";
import { requestedModel } from "./request/requested-model.ts";
import { configuredModel } from "../../runtime/model-store/configured-model.ts";
import { servedModels } from "../models/served-models.ts";
import { foldAliases, LABEL_ALIASES } from "../body/fields.ts";
import { MAX_STORED_SETS } from "../limits.ts";
import {
  labelSetListSchema,
  labelSetQuerySchema,
  labelSetRequestSchema,
} from "../schemas/label-set-request.ts";
import { DEFAULT_TEMPLATES } from "../templates/named-templates.ts";
import { validate } from "../schemas/fields/validate.ts";
import { answeredBy } from "./answer/inference-response.ts";
import { holdAnswer, streamList, streamSet, SUMMARIES } from "./answer/stream-sets.ts";
import { unixSeconds } from "../../runtime/unix-seconds.ts";

const PATH = "/v1/label_sets";
/** Real ids have half as many characters. */
const MAX_ID_LENGTH = 64;

export const labelSets = new Hono<GatewayEnv>()
  .post(PATH, async (c) => {
    const fields = foldAliases(await readFields(c), LABEL_ALIASES);
    const request = await validate(labelSetRequestSchema, fields, wantedBy(c));
    const account = accountOf(c);
    const manifest = await requestedModel(c, request.model);
    const context = embedContext(c, manifest);
    const { labels, vectors, usage } = await definedLabels(c, request.labels, context);
    c.set("usage", usage);
    const definition = {
      labels,
      templates: request.templates ?? DEFAULT_TEMPLATES,
      negative: request.negative ?? DEFAULT_NEGATIVE,
      min_similarity: request.min_similarity ?? null,
    };
    const bytes = matrixBytes(definition, manifest.embedding_width);
    if (bytes > MATRIX_ROOM.large) throw setTooLarge(bytes);
    answeredBy(c, manifest);
    const store = new SetStore(c.env.SETS);
    const pauses = new Pauses(context.wanted);
    const summary: LabelSetSummary = {
      id: await labelSetId(account, definition, pauses),
      account,
      name: request.title ?? null,
      labels: definition.labels.length,
      ...(vectors && { examples: labelsOfExamples(definition).length }),
      prompts: countPrompts(definition),
      templates: definition.templates,
      created_at: unixSeconds(),
      revision: manifest.revision,
    };
    const isTaughtSet = vectors !== undefined;
    if (!(await store.exists(account, summary.id)) && (await store.hasAsMany(account, MAX_STORED_SETS)))
      throw tooManySets();
    const isReady = isComplete(await store.ready(summary.id, manifest.revision), isTaughtSet);
    if (!isReady && !isSmall(definition)) await openBuild(context, account, summary.id);
    const isNew = await store.create(summary, definition, pauses);
    const wasReady = !isNew && isReady;
    if (!wasReady && isSmall(definition)) {
      const { matrix, release } = await storedLabels(account, summary.id, context, definition);
      release();
      // What is computed in the background is not part of this request.
      c.set("usage", { ...usage, tokens: matrix.tokens });
    } else if (!wasReady) {
      // The jobs Worker needs them.
      if (vectors !== undefined) await store.examples.put(summary.id, manifest.revision, vectors);
      await store.plans.ensure(summary.id, definition, pauses);
      await requestBuild(context, account, summary.id);
    }
    const names = new SetNames(c.env, account);
    if (request.name !== undefined) {
      const isComputed = wasReady || isSmall(definition);
      await names.give(request.name, summary.id, isComputed, manifest.revision);
      forgetName(account, request.name);
    }
    const stored = await store.summary(account, summary.id);
    if (stored === undefined) {
      // It was deleted meanwhile, perhaps before the last of this was written.
      await store.removeLeft(account, summary.id);
      await names.removed(summary.id);
      throw labelSetNotFound(summary.id);
    }
    const described = await describeSet(
      stored,
      store,
      manifest,
      nameOf(c, summary.id, manifest, request.name),
    );
    if (described.status === "building") return c.json(described, 202);
    return c.json(described, isNew ? 201 : 200);
  })
  .get(PATH, async (c) => {
    const { limit, after, model } = await validate(labelSetListSchema, c.req.query());
    const manifest = await requestedModel(c, model);
    const store = new SetStore(c.env.SETS);
    const account = accountOf(c);
    const { sets, hasMore } = await store.list(account, limit, after, holdAnswer(c, SUMMARIES));
    const names = await new SetNames(c.env, account).namesOf(sets.map(({ id }) => id));
    const data = await Promise.all(
      sets.map((set) => describeSet(set, store, manifest, () => names.get(set.id))),
    );
    return await streamList(c, data, hasMore);
  })
  .get(`${PATH}/:id`, async (c) => {
    const account = accountOf(c);
    const given = idOf(c.req.param("id"));
    const id = await freshSet(account, given, c.env);
    const { model } = await validate(labelSetQuerySchema, c.req.query());
    const manifest = await requestedModel(c, model);
    const store = new SetStore(c.env.SETS);
    const summary = await store.summary(account, id);
    if (summary === undefined) throw labelSetNotFound(id);
    const named = isLabelSetId(given) ? undefined : given;
    const described = await describeSet(summary, store, manifest, nameOf(c, id, manifest, named));
    const client = clientOf(c, callerOf(c));
    // Without vectors of its examples it waits for its owner.
    if (described.status === "building" && described.missing_examples !== true)
      await resumeBuild({ env: c.env, manifest, client }, summary);
    return await streamSet(c, described, store);
  })
  .delete(`${PATH}/:id`, async (c) => {
    const account = accountOf(c);
    const given = idOf(c.req.param("id"));
    const id = await freshSet(account, given, c.env);
    const store = new SetStore(c.env.SETS);
    const names = new SetNames(c.env, account);
    // A deletion that failed may have left the set's names only.
    const isThere = (await store.exists(account, id)) || (await names.namesOf([id])).has(id);
    if (!isThere) throw labelSetNotFound(id);
    const pictures = await examplePictures(account, id, store, clientOf(c, callerOf(c)));
    await store.remove(account, id);
    await new OpenBuilds(c.env.SETS).removed(account, id);
    // Last, so that a deletion by name can be repeated until then.
    await names.removed(id);
    forgetName(account, given);
    const revisions = servedRevisions(c.env);
    for (const revision of revisions) forgetLabels(account, id, revision);
    await Promise.all(revisions.map((revision) => removeMatrix(id, revision, c.env.CACHE)));
    c.executionCtx.waitUntil(ImageCache.removeExamples(c.env.CACHE, account, pictures, revisions));
    return c.json({ id, object: "label_set", deleted: true });
  });

/** Hashes of the pictures among a set's examples; none if the set is damaged, which may be deleted all the same. */
async function examplePictures(
  account: string,
  id: string,
  store: SetStore,
  client: string,
): Promise<string[]> {
  try {
    const summary = await store.summary(account, id);
    if (summary?.examples === undefined) return [];
    return (await withDefinition(store, id, hashesOf, { client })) ?? [];
  } catch (error) {
    if (!(error instanceof ServiceError) || error.code !== "model_unavailable") throw error;
    warn("pictures of a label set not known", error);
    return [];
  }
}

function hashesOf({ labels }: LabelSetDefinition): string[] {
  const examples = labels.flatMap((label) => label.examples ?? []);
  return examples.filter(({ revision }) => revision === undefined).map(({ sha256 }) => sha256);
}

/** Labels as the set has them, and the vectors of their examples, if they have any. */
async function definedLabels(
  c: Context<GatewayEnv>,
  labels: readonly RequestLabel[],
  context: EmbedContext,
): Promise<{ labels: readonly LabelDefinition[]; vectors?: Float32Array<ArrayBuffer>; usage: Usage }> {
  const usage = { images: 0, cachedImages: 0, tokens: 0, cachedTokens: 0 };
  if (!isTaught(labels)) return { labels: labels.map(withoutExamples), usage };
  const cache = await ImageCache.ofExamples(context.account(), context);
  const batch = new PictureBatch(context, c.get("lifted"), { examples: cache });
  // So that the decoder is let go if a picture is bad.
  c.set("pictures", batch);
  const { images, examples } = await embedWithExamples([], labels, batch).catch(async (error: unknown) => {
    // Those that were read before are embedded, so that the same request goes on there.
    if (error instanceof ServiceError && error.code === "too_many_items") await batch.embed("report");
    throw error;
  });
  return {
    labels: await withHashes(labels, examples, context.manifest.revision),
    vectors: examples.vectors,
    usage: { ...usage, images: images.hashes.length, cachedImages: images.cached },
  };
}

function tooManySets(): ServiceError {
  const message = `the account has ${MAX_STORED_SETS} label sets, as many as it may have: delete sets that are not used`;
  return new ServiceError("storage_limit_exceeded", message);
}

function servedRevisions(env: GatewayEnv["Bindings"]): string[] {
  return servedModels(env).map(({ reference }) => configuredModel(reference).revision);
}

/**
 * A name that waits for a set goes to it once somebody sees that it is ready.
 * @param given the name in the request; without one the answer does not depend on the account's object
 */
function nameOf(c: Context<GatewayEnv>, id: string, { revision }: Manifest, given: string | undefined) {
  const names = new SetNames(c.env, accountOf(c));
  return async (isReady: boolean): Promise<string | undefined> => {
    try {
      if (isReady) await names.computed(id, revision, servedRevisions(c.env));
      return (await names.namesOf([id])).get(id);
    } catch (error) {
      if (given !== undefined) throw error;
      warn("name of a label set not known", error);
      return undefined;
    }
  };
}

/**
 * Checks the length of an id or name, because R2 limits the length of its keys.
 * @throws ServiceError `label_set_not_found`
 */
function idOf(id: string): string {
  if (id.length > MAX_ID_LENGTH) throw labelSetNotFound(`${id.slice(0, MAX_ID_LENGTH)}…`);
  return id;
}
