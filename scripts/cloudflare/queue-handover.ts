/**
 * Changes which Worker consumes a queue. A queue has one consumer, which does not depend on versions. Cloudflare
 * refuses a second one, so the present consumer must be removed first. Messages wait in the queue until the next one is
 * added.
 */
import { isDeepStrictEqual } from "node:util";
import type { WorkerConfig } from "../worker-configs.ts";
import type { CloudflareApi, QueueConsumer } from "./api.ts";

interface Queue {
  id: string;
  name: string;
  /** The Worker that shall get its messages. */
  owner: string;
  /** The Workers that consumed it when the handover began. Consumers that pull over HTTP are not listed or changed. */
  before: QueueConsumer[];
}

export class QueueHandover {
  readonly #api: CloudflareApi;
  readonly #log: (line: string) => void;
  readonly #queues: Queue[];

  private constructor(api: CloudflareApi, log: (line: string) => void, queues: Queue[]) {
    this.#api = api;
    this.#log = log;
    this.#queues = queues;
  }

  /** Reads which Workers consume the queues now. Changes nothing. @param configs all Workers of the new deployment */
  static async begin(
    api: CloudflareApi,
    configs: readonly WorkerConfig[],
    log: (line: string) => void,
  ): Promise<QueueHandover> {
    const ids = await api.queues();
    const queues: Queue[] = [];
    for (const { name: owner, consumes } of configs) {
      for (const name of consumes) {
        const id = ids.get(name);
        if (id === undefined) throw new Error(`there is no queue ${name}, which ${owner} consumes`);
        queues.push({ id, name, owner, before: await workersOf(api, id) });
      }
    }
    return new QueueHandover(api, log, queues);
  }

  /** Removes every consumer except the new owner. */
  async removeFormerConsumers(): Promise<void> {
    for (const { id, name, owner, before } of this.#queues) {
      for (const consumer of before.filter(({ worker }) => worker !== owner)) {
        await this.#api.removeConsumer(id, consumer);
        this.#log(
          `removed ${consumer.worker} as consumer of the queue ${name}; messages wait until the next one is added`,
        );
      }
    }
  }

  /** Restores the consumers, and their settings, of when the handover began. */
  async restore(): Promise<void> {
    for (const { id, name, before } of this.#queues) {
      const now = await workersOf(this.#api, id);
      for (const consumer of now.filter((each) => !before.some((former) => isSame(each, former)))) {
        await this.#api.removeConsumer(id, consumer);
        this.#log(`removed ${consumer.worker} as consumer of the queue ${name}`);
      }
      for (const former of before.filter((each) => !now.some((consumer) => isSame(each, consumer)))) {
        await this.#api.addConsumer(id, former);
        this.#log(`${former.worker} consumes the queue ${name} again`);
      }
    }
  }
}

async function workersOf(api: CloudflareApi, queue: string): Promise<QueueConsumer[]> {
  return (await api.consumers(queue)).filter(({ worker }) => worker !== undefined);
}

/** Compares without ids, because a consumer that was created again has another id. */
function isSame({ id: _a, ...a }: QueueConsumer, { id: _b, ...b }: QueueConsumer): boolean {
  return isDeepStrictEqual(a, b);
}
