/**
 * Stores `plans/<id>/…`: the division of a set into parts (`plan.ts`), block by block, and the content of its matrix
 * without vectors. A plan is the same for all models.
 */
import { jsonInSteps } from "../../json/json-in-steps.ts";
import type { Pauses } from "../../runtime/sharing/pauses.ts";
import { labelsOfExamples, type LabelSetDefinition } from "../definition.ts";
import { type MatrixNames, namesOf } from "../label-matrix.ts";
import { placeOf, type Plan, planBlocks, type PlannedItem } from "./plan.ts";
import { jsonBytes, type ChecksummedObjects } from "../checksummed-objects.ts";

export class PlanStore {
  readonly #objects: ChecksummedObjects;

  constructor(objects: ChecksummedObjects) {
    this.#objects = objects;
  }

  /**
   * The set's plan; undefined if it has none yet.
   * @param isTaught whether the set has examples: then a plan without them, of a release that knows none, does not count
   */
  async get(id: string, isTaught: boolean): Promise<Plan | undefined> {
    const plan = await this.#objects.derived<Plan>(`plans/${id}/plan`);
    return isTaught && plan?.examples === undefined ? undefined : plan;
  }

  /**
   * Makes the plan of a set. Only one block is in memory at a time.
   * @param pauses as for `SetStore.create`, because the names may be as large as the definition
   */
  async make(id: string, definition: LabelSetDefinition, pauses?: Pauses): Promise<Plan> {
    const blocks: number[] = [];
    let parts = 0;
    for (const block of planBlocks(definition)) {
      await this.#objects.putAgain(`plans/${id}/${blocks.length}`, jsonBytes(block));
      blocks.push(parts);
      parts += block.length;
    }
    await this.#objects.putAgain(`plans/${id}/names`, await jsonInSteps(namesOf(definition), pauses));
    const examples = labelsOfExamples(definition);
    const taught = examples.length === 0 ? {} : { examples };
    const plan: Plan = { templates: definition.templates, parts, blocks, ...taught };
    // Write the plan last, so that everything it names exists.
    await this.#objects.putAgain(`plans/${id}/plan`, jsonBytes(plan));
    return plan;
  }

  /** The set's plan, which is made if there is none. */
  async ensure(id: string, definition: LabelSetDefinition, pauses?: Pauses): Promise<Plan> {
    const isTaught = labelsOfExamples(definition).length > 0;
    return (await this.get(id, isTaught)) ?? (await this.make(id, definition, pauses));
  }

  /** The prompts of a part's vectors; undefined if the plan is damaged. */
  async part(id: string, plan: Plan, number: number): Promise<PlannedItem[] | undefined> {
    const { block, index } = placeOf(plan, number);
    return (await this.#objects.derived<PlannedItem[][]>(`plans/${id}/${block}`))?.[index];
  }

  /** The content of the set's matrix without its vectors; undefined if the plan is damaged. */
  async names(id: string): Promise<MatrixNames | undefined> {
    return await this.#objects.derived(`plans/${id}/names`);
  }

  /** Deletes the plan, so that it is made again. */
  async remove(id: string): Promise<void> {
    await this.#objects.bucket.delete(`plans/${id}/plan`);
  }
}
