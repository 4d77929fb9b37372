/**
 * Files that were deleted while their pictures were embedded. A deletion takes its picture out of the stores some
 * seconds later, and the towers may take longer to load: then it has found no picture, and would not come again.
 */
import { AccountFiles } from "../../files/account-files.ts";
import { warn } from "../../runtime/warn.ts";
import { vectorStore } from "../../vector-stores/vector-stores.ts";
import type { Bindings } from "../bindings.ts";
import type { EmbedContext } from "../embed/embed-context.ts";
import type { OpenStore } from "./open-store.ts";

/** Milliseconds until files are looked for again, if the account's object did not answer. */
const AGAIN_MS = 5_000;

/**
 * Never throws, because the pictures are in the store: a client that is refused sends them again, and they are there
 * twice. If the account's object does not answer, they are looked for again later.
 * @param fileIds of pictures that the store has now
 * @returns those of files that the account does not have any more
 */
export async function deletedMeanwhile(
  store: OpenStore,
  { env, waitUntil }: EmbedContext,
  fileIds: readonly string[],
): Promise<string[]> {
  const again = async (): Promise<void> => {
    await scheduler.wait(AGAIN_MS);
    await takeOut(store, env, await goneFiles(store, env, fileIds));
  };
  try {
    return await goneFiles(store, env, fileIds);
  } catch (error) {
    warn("whether files were deleted meanwhile is not known yet", error);
    waitUntil(
      again().catch((failure: unknown) => warn("whether files were deleted meanwhile is not known", failure)),
    );
    return [];
  }
}

async function goneFiles(
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
