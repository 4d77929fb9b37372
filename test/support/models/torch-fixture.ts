/** Rebuilds a torch file of `tiny` or `vit_tiny` around a pickle that real torch wrote. */
import { readFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { PickledTensor, unpickle } from "../../../build/checkpoint/unpickle.ts";
import { StoredZip } from "../../../build/synthetic/stored-zip.ts";
import { syntheticTensor } from "../../../build/synthetic/synthetic-tensor.ts";
import { encodeTensor } from "../../../build/synthetic/tensor-source.ts";

const FIXTURES = join(import.meta.dirname, "../../fixtures/torch");

export async function writeTorchFixture(
  path: string,
  pickle: "state-dict" | "wrapped" | "vit-state-dict",
): Promise<void> {
  const bytes = await readFile(join(FIXTURES, `${pickle}.pkl`));
  const root = basename(path, extname(path));
  const zip = await StoredZip.create(path);
  await zip.add(`${root}/data.pkl`, bytes);
  const top = unpickle(bytes) as Map<string, unknown>;
  const dict = (top.get("state_dict") ?? top) as Map<string, unknown>;
  for (const [name, tensor] of dict) {
    if (!(tensor instanceof PickledTensor)) throw new Error(`${name} is no tensor`);
    const values = syntheticTensor(name.replace(/^module\./, ""), tensor.shape);
    await zip.add(`${root}/data/${tensor.storage.key}`, encodeTensor(values, "F16"));
  }
  await zip.close();
}
