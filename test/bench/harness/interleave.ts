/**
 * Times contenders in turns, A B C A B C … A disturbance of the machine affects all of them, so ratios are more
 * reliable than milliseconds.
 */

export interface Contender {
  name: string;
  run(): unknown;
}

/**
 * Processor time of this process, milliseconds. Other work on the machine disturbs it much less than the wall clock.
 */
export function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/**
 * @param clock milliseconds; `cpuTime` is for contenders that run in this process
 * @returns milliseconds of each run, by the contender's name, warm-up left out
 */
export async function interleave(
  contenders: readonly Contender[],
  { rounds, warmUp }: { rounds: number; warmUp: number },
  clock: () => number = () => performance.now(),
): Promise<Map<string, number[]>> {
  const times = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < warmUp + rounds; round++) {
    for (const contender of contenders) {
      const before = clock();
      await contender.run();
      if (round >= warmUp) times.get(contender.name)?.push(clock() - before);
    }
  }
  return times;
}
