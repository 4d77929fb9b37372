/** All suites of `npm run bench`, the shorter ones first. */
import type { Suite } from "../harness/suite.ts";
import { growth } from "./growth.ts";
import { imageTower } from "./image-tower.ts";
import { preprocessing } from "./preprocessing.ts";
import { profile } from "./profile/profile.ts";
import { service } from "./service.ts";
import { textTower } from "./text-tower.ts";
import { tokenizerSuite } from "./tokenizer.ts";

export const SUITES: readonly Suite[] = [
  tokenizerSuite,
  preprocessing,
  profile,
  imageTower,
  textTower,
  service,
  growth,
];
