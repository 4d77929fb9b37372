/** How many requests an isolate takes on, and what becomes of those that do not end. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { Admission, type Rooms, type Size } from "../../functions/runtime/sharing/admission.ts";

const REFUSED = { code: "overloaded" };

afterEach(() => {
  vi.useRealTimers();
});

/** Requests that are under way until they are ended. */
class Requests {
  readonly admission: Admission;
  readonly #ends: (() => void)[] = [];
  readonly #outcomes: Promise<string>[] = [];

  constructor(limit: number, rooms?: Rooms) {
    this.admission = new Admission(limit, rooms && { rooms });
  }

  /** @returns what gives its signs of life */
  async begin(size: Size, bytes?: number): Promise<() => void> {
    const { promise: ended, resolve } = Promise.withResolvers<string>();
    const begun = Promise.withResolvers<() => void>();
    const work = async (alive: () => void): Promise<string> => {
      begun.resolve(alive);
      return await ended;
    };
    const outcome = this.admission.admit(size, work, bytes);
    outcome.catch(begun.reject);
    const alive = await begun.promise;
    this.#ends.push(() => resolve("done"));
    this.#outcomes.push(outcome);
    return alive;
  }

  async end(): Promise<string[]> {
    for (const end of this.#ends.splice(0)) end();
    return await Promise.all(this.#outcomes.splice(0));
  }
}

describe("an isolate", () => {
  it("takes on so many of each size, and half as many in the background", async () => {
    const requests = new Requests(3);
    const places = { small: 3, large: 3, background: 2 };
    for (const [size, count] of Object.entries(places) as [Size, number][]) {
      for (let i = 0; i < count; i++) await requests.begin(size);
      await expect(requests.begin(size)).rejects.toMatchObject(REFUSED);
    }
    expect(requests.admission.places).toBe(8);
    expect(await requests.end()).toEqual(Array.from({ length: 8 }, () => "done"));
    await requests.begin("large");
  });

  it("has a place again when work fails", async () => {
    const requests = new Requests(1);
    const failing = requests.admission.admit("large", async () => await Promise.reject(new Error("no")));
    await expect(failing).rejects.toThrow("no");
    await requests.begin("large");
  });

  it("refuses what has no room beside others, and takes on anything alone", async () => {
    const requests = new Requests(9, { large: 10 });
    await requests.begin("large", 11);
    await expect(requests.begin("large", 1)).rejects.toMatchObject(REFUSED);
    await requests.begin("background", 11);
    await requests.end();
    await requests.begin("large", 6);
    await requests.begin("large", 4);
    await expect(requests.begin("large", 1)).rejects.toMatchObject(REFUSED);
  });

  it("has the place and room of a request that has given no sign of life for 20 seconds", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const requests = new Requests(1, { large: 10 });
    const alive = await requests.begin("large", 10);
    vi.setSystemTime(Date.now() + 10_000);
    alive();
    vi.setSystemTime(Date.now() + 20_000);
    await expect(requests.begin("large", 10)).rejects.toMatchObject(REFUSED);
    vi.setSystemTime(Date.now() + 1);
    await requests.begin("large", 10);
  });
});
