/**
 * A queue has one Worker that gets its messages, and which one belongs to no version. When another Worker is to get
 * them, the present one has to be taken off first: Cloudflare refuses a second one. Until the next one is added, messages
 * wait in the queue.
 */
import { isDeepStrictEqual } from "node:util";
import type { WorkerConfig } from "../worker-configs.ts";
import type { CloudflareApi, QueueConsumer } from "./api.ts";

interface Queue {
  id: string;
  name: string;
  /** The Worker that is to get its messages. */
  owner: string;
  /** Who got them when the handover began; they may pull as well, which is nobody's business here. */
  before: QueueConsumer[];
}

export class QueueHandover {
  readonly #api: CloudflareApi;
  readonly #say: (line: string) => void;
  readonly #queues: Queue[];

  private constructor(api: CloudflareApi, say: (line: string) => void, queues: Queue[]) {
    this.#api = api;
    this.#say = say;
    this.#queues = queues;
  }

  /** Notes who gets the messages now; changes nothing. @param configs of all Workers of the deployment to come */
  static async begin(
    api: CloudflareApi,
    configs: readonly WorkerConfig[],
    say: (line: string) => void,
  ): Promise<QueueHandover> {
    const ids = await api.queues();
    const queues: Queue[] = [];
    for (const { name: owner, consumes } of configs) {
      for (const name of consumes) {
        const id = ids.get(name);
        if (id === undefined)
          throw new Error(`there is no queue ${name}, of which ${owner} gets the messages`);
        queues.push({ id, name, owner, before: await workersOf(api, id) });
      }
    }
    return new QueueHandover(api, say, queues);
  }

  /** Takes off every Worker that is not to get the messages any more. */
  async takeOff(): Promise<void> {
    for (const { id, name, owner, before } of this.#queues) {
      for (const consumer of before.filter(({ worker }) => worker !== owner)) {
        await this.#api.removeConsumer(id, consumer);
        this.#say(`the queue ${name} has no consumer now: ${consumer.worker} was taken off; messages wait`);
      }
    }
  }

  /** Has those get the messages who did when the handover began, with the settings of then. */
  async putBack(): Promise<void> {
    for (const { id, name, before } of this.#queues) {
      const now = await workersOf(this.#api, id);
      for (const consumer of now.filter((each) => !before.some((former) => isSame(each, former)))) {
        await this.#api.removeConsumer(id, consumer);
        this.#say(`${consumer.worker} was taken off the queue ${name}`);
      }
      for (const former of before.filter((each) => !now.some((consumer) => isSame(each, consumer)))) {
        await this.#api.addConsumer(id, former);
        this.#say(`${former.worker} consumes the queue ${name} again`);
      }
    }
  }
}

async function workersOf(api: CloudflareApi, queue: string): Promise<QueueConsumer[]> {
  return (await api.consumers(queue)).filter(({ worker }) => worker !== undefined);
}

/** A consumer that was made again has another id. */
function isSame({ id: _a, ...a }: QueueConsumer, { id: _b, ...b }: QueueConsumer): boolean {
  return isDeepStrictEqual(a, b);
}
