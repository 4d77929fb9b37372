/** A file of an account was deleted: its picture goes from the account's vector stores, as OpenAI's files do. */
import { AccountFiles } from "../../files/account-files.ts";
import { retrySeconds } from "../../runtime/background-work.ts";
import { warn } from "../../runtime/warn.ts";
import { MAX_STORES } from "../../vector-stores/store-limits.ts";
import type { StoredFileMessage } from "../../vector-stores/store-message.ts";
import { accountStores, vectorStore } from "../../vector-stores/vector-stores.ts";
import type { JobsBindings } from "../jobs-bindings.ts";

/** Stores that are asked at once. */
const AT_ONCE = 8;
/** How often a file that is still there is looked for: its deletion may be slow, or it has failed. */
const LOOKS = 3;

/** Acknowledges the message, or requests its redelivery. Never throws. */
export async function leaveStores(message: Message<StoredFileMessage>, env: JobsBindings): Promise<void> {
  const { account, fileId } = message.body;
  try {
    if ((await new AccountFiles(env, account).get(fileId)) !== undefined) {
      if (message.attempts < LOOKS) message.retry({ delaySeconds: retrySeconds(0) });
      else message.ack();
      return;
    }
    const query = { after: null, before: null, limit: MAX_STORES, order: "asc" } as const;
    const { ids } = await accountStores(env, account).listStores(query);
    for (let first = 0; first < ids.length; first += AT_ONCE) {
      const some = ids.slice(first, first + AT_ONCE);
      await Promise.all(some.map((id) => vectorStore(env, account, id).removePicture(fileId)));
    }
    message.ack();
  } catch (error) {
    warn("a deleted file is still in vector stores", error);
    message.retry({ delaySeconds: retrySeconds(message.attempts - 1) });
  }
}
