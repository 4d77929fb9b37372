/**
 * `POST /v1/operator/compute_label_sets`: computes the stored label sets of all accounts for a model's revision, one
 * part in each request, so that a new revision is complete before it is used. `scripts/release/compute-stored-sets.ts`
 * repeats the request until nothing is left.
 */
import { Hono } from "hono";
import { requireOperator } from "../middleware/authorize.ts";
import { textCall } from "../embed/embed-context.ts";
import { embedContext } from "./request/embedding-context.ts";
import { readFields } from "./request/fields-and-pictures.ts";
import type { GatewayEnv } from "../middleware/gateway-env.ts";
import { buildAtOnce, isSmall } from "../label-sets/build-set.ts";
import { takeTurn } from "../../label-sets/builds/build-claim.ts";
import { buildNextPart } from "../../label-sets/builds/build-part.ts";
import type { LabelSetDefinition } from "../../label-sets/definition.ts";
import type { LabelMatrix } from "../../label-sets/label-matrix.ts";
import type { Hold } from "../../label-sets/checksummed-objects.ts";
import { promptRoom } from "../label-sets/embed-matrix.ts";
import { SetNames } from "../../label-sets/set-names.ts";
import { isComplete, SetStore } from "../../label-sets/set-store.ts";
import { writeMatrix } from "../label-sets/matrix-cache.ts";
import { withDefinition } from "../label-sets/with-definition.ts";
import { requestedModel } from "./request/requested-model.ts";
import { validate } from "../schemas/fields/validate.ts";
import { computeLabelSetsRequestSchema } from "../schemas/compute-label-sets-request.ts";
import { answeredBy } from "./answer/inference-response.ts";

/** Sets that a request checks. */
const PAGE = 50;
/**
 * The current and the next turn at a large set, as its claim in R2 names them. They are fixed, so that the next request
 * continues the set.
 */
const TURN = { turn: "warm_up", next: "warm_up" };

export const computeLabelSets = new Hono<GatewayEnv>().post("/v1/operator/compute_label_sets", async (c) => {
  requireOperator(c);
  const { model, after, remove_former } = await validate(computeLabelSetsRequestSchema, await readFields(c));
  const context = embedContext(c, await requestedModel(c, model));
  const { revision } = context.manifest;
  const store = new SetStore(c.env.SETS);
  const { ids, next } = await store.listAll(PAGE, after);
  const answer = { object: "computed_label_set", ...answeredBy(c, context.manifest) };
  const skipped: string[] = [];
  for (const [looked, { id, account, key }] of ids.entries()) {
    const [summary, ready] = await Promise.all([store.summary(account, id), store.ready(id, revision)]);
    const isTaught = summary?.examples !== undefined;
    if (summary === undefined) continue;
    if (isComplete(ready, isTaught)) {
      if (remove_former) await store.removeFormerVectors(id, revision);
      continue;
    }
    // Examples that have no vectors of this model: their owner must store the set again.
    if (isTaught && !(await store.examples.has(id, revision))) {
      skipped.push(id);
      continue;
    }
    // Only a large set, or one with examples, has a plan.
    const plan = await store.plans.get(id, isTaught);
    const buildIfSmall = async (definition: LabelSetDefinition, hold: Hold): Promise<LabelMatrix | null> => {
      if (!isSmall(definition)) return null;
      await hold(promptRoom(definition));
      return await buildAtOnce(id, definition, store, context);
    };
    const matrix = plan === undefined ? await withDefinition(store, id, buildIfSmall, context) : null;
    if (matrix === undefined) continue;
    let isLeft = false;
    if (matrix !== null) writeMatrix(id, { matrix, release: () => {} }, context);
    else {
      const held = await takeTurn(store, id, revision, TURN.turn, { mayBegin: true, next: TURN.next });
      // The jobs Worker is computing the set, because the revision is already served.
      if (held === "over" || "waitMs" in held) continue;
      const alive = (): Promise<boolean> => held.renew();
      isLeft = (await buildNextPart(id, store, textCall(context), { isTaught, alive })) !== undefined;
      if (!isLeft) {
        await new SetNames(c.env, account).computed(id, revision);
        await held.end();
      }
    }
    // A set with parts left is checked again, and one whose former vectors are left.
    const isDone = !isLeft && !remove_former;
    return c.json({
      ...answer,
      computed: id,
      after: isDone ? key : (ids[looked - 1]?.key ?? after ?? ""),
      skipped,
    });
  }
  return c.json({ ...answer, computed: null, after: next, skipped });
});
