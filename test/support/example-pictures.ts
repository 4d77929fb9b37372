/** Pictures that the tests send. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";

const EXAMPLES = join(import.meta.dirname, "../../examples");

/** One of `examples/`, as base64. */
export async function exampleBase64(name: string): Promise<string> {
  return (await readFile(join(EXAMPLES, name))).toString("base64");
}
