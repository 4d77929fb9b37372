/**
 * Finds the set that a name leads to. The account's Durable Object decides; the isolate remembers what it said for 5
 * seconds, and asks again in the background after 2, so that a busy name never waits for the object.
 */
import { isLabelSetId } from "../../label-sets/definition.ts";
import { SetNames, type SetNamesBindings } from "../../label-sets/set-names.ts";
import { accountPath } from "../../runtime/account-marks.ts";
import type { WaitUntil } from "../../runtime/sharing/lease.ts";
import { MemoryCache } from "../../runtime/memory-cache.ts";
import { warn } from "../../runtime/warn.ts";
import { isSetName } from "../schemas/fields/set-name.ts";
import { labelSetNotFound } from "./stored-labels.ts";

/** Milliseconds after which the object is asked in the background. */
const ASK_AGAIN_AFTER = 2_000;
/** Milliseconds that a name may still lead to its former set. */
const USABLE_FOR = 5_000;
/** Milliseconds after which a question in the background counts as lost. */
const LOST_AFTER = 2_000;

interface Remembered {
  id: string;
  /** When the object was asked, so that the answer is not older. Milliseconds. */
  askedAt: number;
  /** When it was last asked again in the background. */
  askingSince: number;
}

const MEMORY_BYTES = 1_000_000;
/** Bytes of the id and the two times. */
const ENTRY_BYTES = 100;

const memory = new MemoryCache<Remembered>(MEMORY_BYTES, () => ENTRY_BYTES);

/** What finding a set by its name needs. */
export interface NameContext {
  env: SetNamesBindings;
  waitUntil: WaitUntil;
}

/**
 * @param given an id, which is returned unchanged, or a name
 * @throws ServiceError `label_set_not_found`; `overloaded` for a name that is not remembered while the account's object
 * does not answer
 */
export async function namedSet(account: string, given: string, context: NameContext): Promise<string> {
  if (isLabelSetId(given)) return given;
  if (!isSetName(given)) throw labelSetNotFound(given);
  const known = memory.get(accountPath(account, given));
  const now = Date.now();
  if (known === undefined || now - known.askedAt >= USABLE_FOR)
    return await freshSet(account, given, context.env);
  if (now - known.askedAt >= ASK_AGAIN_AFTER && now - known.askingSince >= LOST_AFTER) {
    known.askingSince = now;
    context.waitUntil(
      ask(account, given, context.env).catch((error: unknown) =>
        warn("name of a label set not asked again", error),
      ),
    );
  }
  return known.id;
}

/**
 * The set that the name leads to now, whatever is remembered.
 * @throws ServiceError as `namedSet`
 */
export async function freshSet(account: string, given: string, env: SetNamesBindings): Promise<string> {
  if (isLabelSetId(given)) return given;
  const id = isSetName(given) ? await ask(account, given, env) : undefined;
  if (id === undefined) throw labelSetNotFound(given);
  return id;
}

/** Lets this isolate ask again, because the name was given to a set or its set deleted. */
export function forgetName(account: string, name: string): void {
  memory.delete(accountPath(account, name));
}

async function ask(account: string, name: string, env: SetNamesBindings): Promise<string | undefined> {
  const key = accountPath(account, name);
  const askedAt = Date.now();
  const former = memory.get(key);
  const id = await new SetNames(env, account).setOf(name);
  // Somebody else asked, or gave the name, meanwhile: what they know is newer.
  if (memory.get(key) !== former) return id;
  if (id === undefined) memory.delete(key);
  else memory.set(key, { id, askedAt, askingSince: askedAt });
  return id;
}
