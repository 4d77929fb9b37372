/**
 * Asks a Durable Object through a Worker that calls the method it is told of and answers with its value or its error.
 */

/**
 * @param question names the object and the method, and has its parameters
 * @returns what the method returned, in JSON: values of every shape
 * @throws Error if it threw
 */
// oxlint-disable-next-line typescript/no-explicit-any
export async function askObject(url: URL, question: object): Promise<any> {
  const answer = await fetch(url, { method: "POST", body: JSON.stringify(question) });
  const { value, error } = (await answer.json()) as { value?: unknown; error?: string };
  if (error !== undefined) throw new Error(error);
  return value;
}
