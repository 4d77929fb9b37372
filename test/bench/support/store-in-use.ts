/** A vector store that is filled and searched through the gateway, for benches of all Workers at once. */
import { setTimeout as sleep } from "node:timers/promises";
import { OPEN_ROWS_DUE } from "../../../functions/state/vector-store/store-record.ts";
import { random as randomFrom, unitVector } from "../../support/random.ts";
import { request } from "../../support/send-request.ts";

/** Vectors of two segments, and some that are in none. */
const VECTORS = 2 * OPEN_ROWS_DUE + 500;
const ADDED_AT_ONCE = 8;
/** Milliseconds until what was refused is sent again. */
const PATIENCE = 500;
/** Searches for one text, and as many for several. */
const SEARCHES = 16;

export class StoreInUse {
  readonly #store: string;
  readonly #width: number;

  private constructor(store: string, width: number) {
    this.#store = store;
    this.#width = width;
  }

  /** @param url of the gateway */
  static async filled(url: string): Promise<StoreInUse> {
    const { body: models } = await request("GET", `${url}/v1/models`);
    const { body: made } = await request("POST", `${url}/v1/vector_stores`, { name: "bench" });
    const store = new StoreInUse(`${url}/v1/vector_stores/${made.id}`, models.data[0].embedding_width);
    await store.#fill();
    return store;
  }

  async #fill(): Promise<void> {
    const random = randomFrom(1);
    let left = VECTORS;
    const addAll = async (): Promise<void> => {
      while (left-- > 0) await this.#post("/files", { embedding: [...unitVector(this.#width, random)] });
    };
    await Promise.all(Array.from({ length: ADDED_AT_ONCE }, addAll));
  }

  async search(): Promise<void> {
    const searches = Array.from({ length: 2 * SEARCHES }, (_, i) =>
      this.#post("/search", { query: i < SEARCHES ? `a picture ${i}` : ["a picture", "a drawing"] }),
    );
    await Promise.all(searches);
  }

  /** Until it is not refused as too much at once. */
  async #post(path: string, fields: object): Promise<void> {
    for (;;) {
      const { status, body } = await request("POST", this.#store + path, { ...fields });
      if (status === 200) return;
      if (status !== 503) throw new Error(`${status}: ${JSON.stringify(body)}`);
      await sleep(PATIENCE);
    }
  }
}
