/**
 * A list in a request. Zod's own keeps a complaint about each element that is wrong: a million of them are some hundred
 * bytes each, while only the first is ever told.
 */
import * as z from "zod";

const ZodArray: z.core.$constructor<z.ZodArray> = z.ZodArray;

const RequestList: z.core.$constructor<z.ZodArray> = z.core.$constructor(
  "RequestList",
  (made, definition) => {
    ZodArray.init(made, definition);
    const parse = made._zod.parse.bind(made._zod);
    const maximum = maximumOf(definition);
    made._zod.parse = (payload, context) => {
      const { value } = payload;
      // Of a list that is too long, zod looks at nothing but the length.
      if (!Array.isArray(value) || value.length > maximum) return parse(payload, context);
      const parsed: unknown[] = [];
      for (const [index, element] of value.entries()) {
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

/** What `.max()` was given. */
function maximumOf({ checks = [] }: z.core.$ZodArrayDef): number {
  const limits = checks.flatMap((check) => {
    const { maximum } = check._zod.def as { maximum?: number };
    return maximum === undefined ? [] : [maximum];
  });
  return limits[0] ?? Infinity;
}

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
