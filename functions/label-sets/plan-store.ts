/**
 * `plans/<id>/…`: which parts a set is computed in (`plan.ts`), block by block, and what its matrix says besides vectors.
 * The same for all models.
 */
import type { LabelSetDefinition } from "./definition.ts";
import { type MatrixNames, namesOf } from "./label-matrix.ts";
import { placeOf, type Plan, planBlocks, type PlannedItem } from "./plan.ts";
import { jsonBytes, type SealedObjects } from "./sealed-objects.ts";

export class PlanStore {
  readonly #objects: SealedObjects;

  constructor(objects: SealedObjects) {
    this.#objects = objects;
  }

  /** How the set is computed in parts; undefined if it has not been planned. */
  async get(id: string): Promise<Plan | undefined> {
    return await this.#objects.derived(`plans/${id}/plan`);
  }

  /** Plans a set. One block is in memory at a time. */
  async make(id: string, definition: LabelSetDefinition): Promise<Plan> {
    const blocks: number[] = [];
    let parts = 0;
    for (const block of planBlocks(definition)) {
      await this.#objects.put(`plans/${id}/${blocks.length}`, jsonBytes(block));
      blocks.push(parts);
      parts += block.length;
    }
    await this.#objects.put(`plans/${id}/names`, jsonBytes(namesOf(definition)));
    const plan: Plan = { templates: definition.templates, parts, blocks };
    // The plan last: what it names is there.
    await this.#objects.put(`plans/${id}/plan`, jsonBytes(plan));
    return plan;
  }

  /** What the vectors of a part are made of; undefined if the plan is damaged. */
  async part(id: string, plan: Plan, number: number): Promise<PlannedItem[] | undefined> {
    const { block, index } = placeOf(plan, number);
    return (await this.#objects.derived<PlannedItem[][]>(`plans/${id}/${block}`))?.[index];
  }

  /** What a matrix of the set says besides its vectors; undefined if the plan is damaged. */
  async names(id: string): Promise<MatrixNames | undefined> {
    return await this.#objects.derived(`plans/${id}/names`);
  }

  /** So that it is made anew. */
  async remove(id: string): Promise<void> {
    await this.#objects.bucket.delete(`plans/${id}/plan`);
  }
}
