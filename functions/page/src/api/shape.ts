/**
 * Type guards for the values that the page reads. They are needed because a proxy between the page and the API may
 * answer 200 with its own JSON.
 */
export type Shape<T> = (value: unknown) => value is T;
export type Of<S> = S extends Shape<infer T> ? T : never;

export const text = (value: unknown): value is string => typeof value === "string";
export const number = (value: unknown): value is number => typeof value === "number";
export const truth = (value: unknown): value is boolean => typeof value === "boolean";

export function nullable<T>(shape: Shape<T>): Shape<T | null> {
  return (value): value is T | null => value === null || shape(value);
}

/** Also for a field that is left out. */
export function optional<T>(shape: Shape<T>): Shape<T | undefined> {
  return (value): value is T | undefined => value === undefined || shape(value);
}

export function either<T, U>(one: Shape<T>, other: Shape<U>): Shape<T | U> {
  return (value): value is T | U => one(value) || other(value);
}

export function list<T>(shape: Shape<T>): Shape<T[]> {
  return (value): value is T[] => Array.isArray(value) && value.every(shape);
}

/** The value may have other fields, too. */
export function object<S extends Record<string, Shape<unknown>>>(
  fields: S,
): Shape<{ [Name in keyof S]: Of<S[Name]> }> {
  return (value): value is { [Name in keyof S]: Of<S[Name]> } =>
    typeof value === "object" &&
    value !== null &&
    Object.entries(fields).every(([name, shape]) => shape((value as Record<string, unknown>)[name]));
}
