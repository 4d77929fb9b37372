/**
 * Files that were deleted while their pictures were embedded. A deletion takes its picture out of the stores some seconds
 * later, and the towers may take longer to load: then it has found no picture, and would not come again.
 */
import { AccountFiles } from "../../files/account-files.ts";
import { vectorStore } from "../../vector-stores/vector-stores.ts";
import type { Bindings } from "../bindings.ts";
import type { OpenStore } from "./open-store.ts";

/** @param fileIds of pictures that the store has now @returns those of files that the account does not have any more */
export async function deletedMeanwhile(
  { account }: OpenStore,
  env: Bindings,
  fileIds: readonly string[],
): Promise<string[]> {
  const files = new AccountFiles(env, account);
  const gone = await Promise.all(
    fileIds.map(async (id) => ((await files.get(id)) === undefined ? [id] : [])),
  );
  return gone.flat();
}

export async function takeOut(
  { account, id }: OpenStore,
  env: Bindings,
  fileIds: Iterable<string>,
): Promise<void> {
  const object = vectorStore(env, account, id);
  await Promise.all(Array.from(fileIds, (fileId) => object.removePicture(fileId)));
}
