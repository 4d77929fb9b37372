/** A file batch as the store's object takes it. */
import type { NewFileBatch } from "../../vector-stores/file-batch-rpc.ts";
import type { Attributes } from "../../vector-stores/stored-picture.ts";
import type { Caller } from "../keys/caller.ts";
import { randomId } from "../random-id.ts";

/** @param files one that comes twice has the attributes of the last */
export function newFileBatch(
  { keyId, tier }: Caller,
  files: readonly { id: string; attributes: Attributes }[],
): NewFileBatch {
  const once = new Map(files.map(({ id, attributes }) => [id, attributes]));
  return {
    id: randomId("vsfb"),
    keyId,
    tier,
    files: Array.from(once, ([fileId, attributes]) => ({ fileId, attributes })),
  };
}
