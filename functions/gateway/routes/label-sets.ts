/** `/v1/label_sets`: labels that are defined once and classified with by id. */
import { type Context, Hono } from "hono";
import { accountOf } from "../access/caller.ts";
import { embedContext } from "../embed/embed-context.ts";
import { readFields } from "../embed/request-pictures.ts";
import type { GatewayEnv } from "../env.ts";
import { requestBuild } from "../label-sets/build-queue.ts";
import { isSmall } from "../label-sets/build-set.ts";
import { countPrompts, DEFAULT_NEGATIVE, labelSetId } from "../../label-sets/definition.ts";
import { describeSet } from "../label-sets/describe-set.ts";
import { removeMatrix } from "../label-sets/matrix-cache.ts";
import { type LabelSetSummary, SetStore } from "../../label-sets/set-store.ts";
import { forgetLabels, labelSetNotFound, storedLabels } from "../label-sets/stored-labels.ts";
import { requestedModel } from "../model.ts";
import { foldAliases, LABEL_ALIASES } from "../schemas/aliases.ts";
import { labelSetListSchema, labelSetRequestSchema } from "../schemas/label-set-request.ts";
import { DEFAULT_TEMPLATES } from "../schemas/templates.ts";
import { validate } from "../schemas/validate.ts";
import { answeredBy } from "./inference-response.ts";

const PATH = "/v1/label_sets";
/** Ids have half as many characters. */
const MAX_ID_LENGTH = 64;

export const labelSets = new Hono<GatewayEnv>()
  .post(PATH, async (c) => {
    const fields = foldAliases(await readFields(c), LABEL_ALIASES);
    const request = validate(labelSetRequestSchema, fields);
    const definition = {
      labels: request.labels,
      templates: request.templates ?? DEFAULT_TEMPLATES,
      negative: request.negative ?? DEFAULT_NEGATIVE,
      min_similarity: request.min_similarity ?? null,
    };
    const context = await contextOf(c);
    answeredBy(c, context.manifest);
    const store = new SetStore(c.env.SETS);
    const account = accountOf(c);
    const summary: LabelSetSummary = {
      id: await labelSetId(account, definition),
      account,
      name: request.name ?? null,
      labels: definition.labels.length,
      prompts: countPrompts(definition),
      templates: definition.templates,
      created_at: Math.floor(Date.now() / 1000),
    };
    const isNew = await store.create(summary, definition);
    const { revision } = context.manifest;
    const isReady = !isNew && (await store.vectorsBytes(summary.id, revision)) !== undefined;
    if (!isReady && isSmall(definition)) await storedLabels(account, summary.id, context);
    else if (!isReady) await requestBuild(context, account, summary.id);
    const stored = isNew ? summary : await store.summary(account, summary.id);
    const described = await describeSet(stored ?? summary, store, revision);
    if (described.status === "building") return c.json(described, 202);
    return c.json(described, isNew ? 201 : 200);
  })
  .get(PATH, async (c) => {
    const { limit, after } = validate(labelSetListSchema, c.req.query());
    const { manifest } = await contextOf(c);
    const store = new SetStore(c.env.SETS);
    const { sets, hasMore } = await store.list(accountOf(c), limit, after);
    const data = await Promise.all(sets.map((set) => describeSet(set, store, manifest.revision)));
    return c.json({
      object: "list",
      data,
      has_more: hasMore,
      first_id: data[0]?.id ?? null,
      last_id: data.at(-1)?.id ?? null,
    });
  })
  .get(`${PATH}/:id`, async (c) => {
    const id = idOf(c.req.param("id"));
    const { manifest } = await contextOf(c);
    const store = new SetStore(c.env.SETS);
    const [summary, definition] = await Promise.all([store.summary(accountOf(c), id), store.definition(id)]);
    if (summary === undefined || definition === undefined) throw labelSetNotFound(id);
    const { labels, negative, min_similarity } = definition;
    const described = await describeSet(summary, store, manifest.revision);
    return c.json({ ...described, negative, min_similarity, data: labels });
  })
  .delete(`${PATH}/:id`, async (c) => {
    const id = idOf(c.req.param("id"));
    const account = accountOf(c);
    const context = await contextOf(c);
    const store = new SetStore(c.env.SETS);
    if (!(await store.exists(account, id))) throw labelSetNotFound(id);
    await store.remove(account, id);
    forgetLabels(account, id, context);
    await removeMatrix(id, context);
    return c.json({ id, object: "label_set", deleted: true });
  });

/** What no id looks like is no key for R2 either, whose keys have an end. @throws ServiceError `label_set_not_found` */
function idOf(id: string): string {
  if (id.length > MAX_ID_LENGTH) throw labelSetNotFound(`${id.slice(0, MAX_ID_LENGTH)}…`);
  return id;
}

async function contextOf(c: Context<GatewayEnv>): Promise<ReturnType<typeof embedContext>> {
  return embedContext(c, await requestedModel(c, undefined));
}
