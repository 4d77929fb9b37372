/**
 * A plugin of Stryker: what describes a field for the reference, the arguments of `.meta`, is not changed. It answers no
 * request, and the tests of the reference need a Worker.
 */

/** What is used here of Babel's path to a piece of code. */
interface CodePath {
  listKey?: string;
  parent: { type: string; callee?: { type: string; property?: { name?: string } } };
}

const isDescription = ({ listKey, parent: { type, callee } }: CodePath): boolean =>
  listKey === "arguments" && type === "CallExpression" && callee?.property?.name === "meta";

/** Stryker reads this name. */
export const strykerPlugins = [
  {
    kind: "Ignore",
    name: "descriptions",
    value: {
      shouldIgnore: (path: CodePath): string | undefined =>
        isDescription(path) ? "a description for the reference" : undefined,
    },
  },
];
