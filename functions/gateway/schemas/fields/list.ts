/**
 * A list in a request. Zod's own array has two faults here. It keeps an issue for each wrong element, some hundred
 * bytes each, even for a million elements, while the answer reports only the first. And it checks a whole list in one
 * go, while other requests have to wait; this list makes pauses if the context provides them (`validate.ts`).
 */
import * as z from "zod";
import type { Pauses } from "../../../runtime/sharing/pauses.ts";

/** Options beyond those of zod's array. */
interface ListOptions<T> {
  /** The message for a value that is not a list. */
  error?: string;
  /** True for elements that are certainly valid. They skip zod's check, which takes microseconds for each. */
  isRight?: (element: unknown) => boolean;
  /** Says why a list is refused before its elements are checked, which takes long; undefined if it is not. */
  refuse?: (elements: readonly unknown[]) => Refusal | undefined;
  /** Set if no two elements may have the same key. */
  distinct?: Distinct<T>;
}

export interface Refusal {
  message: string;
  code: string;
}

interface Distinct<T> {
  keyOf: (element: T) => string;
  /** The message and its code. @param first index of the other element */
  message: (element: T, first: number) => string;
  code: string;
}

type Definition = z.core.$ZodArrayDef & Pick<ListOptions<unknown>, "isRight" | "refuse" | "distinct">;

/** What a schema gets at validation, beyond zod's own context. */
export interface PausingContext {
  pauses?: Pauses;
}

type Payload = z.core.ParsePayload;

/** Cost of checking an element, beyond its characters, in characters. */
const ELEMENT = 8;
const OBJECT = 16;

const ZodArray: z.core.$constructor<z.ZodArray> = z.ZodArray;

const RequestList: z.core.$constructor<z.ZodArray> = z.core.$constructor(
  "RequestList",
  (made, definition) => {
    ZodArray.init(made, definition);
    const parse = made._zod.parse.bind(made._zod);
    const maximum = maximumOf(definition);
    made._zod.parse = (payload, context) => {
      const { value } = payload;
      // If a list is too long, zod checks only its length.
      if (!Array.isArray(value) || value.length > maximum) return parse(payload, context);
      const refusal = (definition as Definition).refuse?.(value);
      if (refusal !== undefined) {
        payload.issues.push(customIssue(value, [], refusal));
        return payload;
      }
      const elements = new Elements(value, definition, payload);
      const { pauses } = context as PausingContext;
      return pauses === undefined ? elements.takeAll(context) : elements.takeInSteps(context, pauses);
    };
  },
);

class Elements {
  readonly #values: readonly unknown[];
  readonly #definition: Definition;
  readonly #payload: Payload;
  readonly #parsed: unknown[] = [];
  /** Index of the first element, by key. */
  readonly #seen = new Map<string, number>();

  constructor(values: readonly unknown[], definition: Definition, payload: Payload) {
    this.#values = values;
    this.#definition = definition;
    this.#payload = payload;
  }

  takeAll(context: z.core.ParseContextInternal): Payload {
    for (const value of this.#values) {
      const result = this.#run(value, context);
      if (result instanceof Promise) throw new z.core.$ZodAsyncError();
      if (!this.#take(result)) break;
    }
    return this.#payload;
  }

  async takeInSteps(context: z.core.ParseContextInternal, pauses: Pauses): Promise<Payload> {
    for (const value of this.#values) {
      if (pauses.isDue(weightOf(value))) await pauses.pause();
      const result = this.#run(value, context);
      if (!this.#take(result instanceof Promise ? await result : result)) break;
    }
    return this.#payload;
  }

  #run(value: unknown, context: z.core.ParseContextInternal): Payload | Promise<Payload> {
    const { element, isRight } = this.#definition;
    const payload: Payload = { value, issues: [] };
    return isRight?.(value) === true ? payload : element._zod.run(payload, context);
  }

  /** @returns true to go on */
  #take({ value, issues }: Payload): boolean {
    const index = this.#parsed.length;
    const [first] = issues;
    if (first !== undefined) {
      this.#payload.issues.push({ ...first, path: [index, ...(first.path ?? [])] });
      return false;
    }
    if (!this.#isNew(value, index)) return false;
    this.#parsed.push(value);
    this.#payload.value = this.#parsed;
    return true;
  }

  #isNew(value: unknown, index: number): boolean {
    const { distinct } = this.#definition;
    if (distinct === undefined) return true;
    const key = distinct.keyOf(value);
    const first = this.#seen.get(key);
    this.#seen.set(key, index);
    if (first === undefined) return true;
    const refusal = { message: distinct.message(value, first), code: distinct.code };
    this.#payload.issues.push(customIssue(value, [index], refusal));
    return false;
  }
}

function customIssue(input: unknown, path: number[], { message, code }: Refusal): z.core.$ZodRawIssue {
  return { code: "custom", input, path, message, params: { code } } as z.core.$ZodRawIssue;
}

/** Estimates the cost of checking an element. Lists inside it count for themselves. */
function weightOf(value: unknown): number {
  if (typeof value === "string") return ELEMENT + value.length;
  if (typeof value !== "object" || value === null) return 1;
  let weight = OBJECT;
  for (const field in value) {
    const held = (value as Record<string, unknown>)[field];
    if (typeof held === "string") weight += held.length;
    // Limit the cost of an object that is no valid element, such as one with a million fields.
    if (weight > 1_000_000) break;
    weight++;
  }
  return weight;
}

/** The limit that `.max()` set. */
function maximumOf({ checks = [] }: z.core.$ZodArrayDef): number {
  const limits = checks.flatMap((check) => {
    const { maximum } = check._zod.def as { maximum?: number };
    return maximum === undefined ? [] : [maximum];
  });
  return limits[0] ?? Infinity;
}

/** Replaces `z.array`. */
export function list<T extends z.core.SomeType>(
  element: T,
  { error, ...options }: ListOptions<z.core.output<T>> = {},
): z.ZodArray<T> {
  const definition = {
    type: "array",
    element,
    ...options,
    ...(error === undefined ? {} : { error: () => error }),
  } as const;
  return new RequestList(definition as unknown as z.core.$ZodArrayDef) as unknown as z.ZodArray<T>;
}
