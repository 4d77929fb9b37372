/**
 * A list in a request. Zod's own looks at each element even of a list that is too long, and keeps a complaint about each
 * that is wrong: a million of them are some hundred bytes each, while only the first is ever told.
 */
import * as z from "zod";

const ZodArray: z.core.$constructor<z.ZodArray> = z.ZodArray;

const RequestList: z.core.$constructor<z.ZodArray> = z.core.$constructor(
  "RequestList",
  (list, definition) => {
    ZodArray.init(list, definition);
    const parse = list._zod.parse;
    list._zod.parse = (payload, context) => {
      const { value } = payload;
      if (!Array.isArray(value)) return parse(payload, context);
      const { maximum = Infinity } = list._zod.bag as { maximum?: number };
      const parsed: unknown[] = [];
      // One too many, so that the check of its length, which runs next, complains.
      for (const [index, element] of value.slice(0, maximum + 1).entries()) {
        const result = definition.element._zod.run({ value: element, issues: [] }, context);
        if (result instanceof Promise) throw new z.core.$ZodAsyncError();
        const [first] = result.issues;
        if (first !== undefined) {
          payload.issues.push({ ...first, path: [index, ...(first.path ?? [])] });
          break;
        }
        parsed.push(result.value);
      }
      payload.value = parsed;
      return payload;
    };
  },
);

/** In place of `z.array`. */
export function list<T extends z.core.SomeType>(element: T, options: { error?: string } = {}): z.ZodArray<T> {
  const { error } = options;
  const definition = {
    type: "array",
    element,
    ...(error === undefined ? {} : { error: () => error }),
  } as const;
  return new RequestList(definition as unknown as z.core.$ZodArrayDef) as unknown as z.ZodArray<T>;
}
