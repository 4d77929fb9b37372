/** Fields of which a request has exactly one. */
import type * as z from "zod";

/**
 * Refuses a request that has none of the fields, or two of them; the second is the one that is named.
 * @param needed what is said of none @param exclusive what is said of two
 */
export function requireOne<Name extends string>(
  names: readonly Name[],
  needed: string,
  exclusive: string,
): (request: { readonly [N in Name]?: unknown }, context: z.core.$RefinementCtx) => void {
  return (request, context) => {
    const [name, other] = names.filter((each) => request[each] !== undefined);
    if (name !== undefined && other === undefined) return;
    const [message, code] = name === undefined ? [needed, "missing_field"] : [exclusive, "invalid_type"];
    context.addIssue({ code: "custom", path: [other ?? names[0] ?? ""], message, params: { code } });
  };
}
