/**
 * A page of a list of ids, what is known of each being in an object of its own. Some of the objects are gone, or not
 * made yet. OpenAI's SDKs end at a page without entries, whatever it says of more, so the list is read on until a page
 * is full.
 */

/** Ids that are read at once after the first page; and in all, for each costs a question to an object. */
const MORE_IDS = 20;
const MAX_IDS = 400;

export interface IdPage {
  ids: string[];
  hasMore: boolean;
}

export interface LivingPage<T> {
  data: T[];
  hasMore: boolean;
}

/**
 * @param readIds gives the ids after another on the way, null for the first page; undefined if that other is forgotten
 * by now
 * @param get gives what is known of an id
 * @param isBackwards whether the page before another is read; its ids are in the order of the list all the same
 */
export async function livingPage<T>(
  limit: number,
  readIds: (after: string | null, limit: number) => Promise<IdPage | undefined>,
  get: (id: string) => Promise<T | undefined>,
  isBackwards = false,
): Promise<LivingPage<T>> {
  let hasMore = true;
  let asked = 0;
  let last: string | null = null;
  let data: T[] = [];
  while (data.length < limit && hasMore && asked < MAX_IDS) {
    const read = await readIds(last, last === null ? limit : Math.max(MORE_IDS, limit - data.length));
    if (read === undefined) break;
    ({ hasMore } = read);
    asked += read.ids.length;
    last = read.ids.at(isBackwards ? 0 : -1) ?? null;
    const more = await livingOf(read.ids, get);
    data = isBackwards ? [...more, ...data] : [...data, ...more];
  }
  const page = isBackwards ? data.slice(-limit) : data.slice(0, limit);
  return { data: page, hasMore: hasMore || data.length > limit };
}

async function livingOf<T>(
  ids: readonly string[],
  get: (id: string) => Promise<T | undefined>,
): Promise<T[]> {
  const known = await Promise.all(ids.map((id) => get(id)));
  return known.filter((each) => each !== undefined);
}
