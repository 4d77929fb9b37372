/** All suites of `npm run bench`, the shorter ones first. */
import type { Suite } from "../harness/suite.ts";
import { imageTower } from "./image-tower.ts";
import { textTower } from "./text-tower.ts";
import { tokenizerSuite } from "./tokenizer.ts";

export const SUITES: readonly Suite[] = [tokenizerSuite, imageTower, textTower];
