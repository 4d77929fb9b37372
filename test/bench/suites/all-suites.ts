/** All suites of `npm run bench`, the shorter ones first. */
import type { Suite } from "../harness/suite.ts";
import { growth } from "./growth-suite.ts";
import { imageTower } from "./image-tower-suite.ts";
import { preprocessing } from "./preprocessing-suite.ts";
import { profile } from "./profile/profile-suite.ts";
import { service } from "./service-suite.ts";
import { textTower } from "./text-tower-suite.ts";
import { tokenizerSuite } from "./tokenizer-suite.ts";

export const SUITES: readonly Suite[] = [
  tokenizerSuite,
  preprocessing,
  profile,
  imageTower,
  textTower,
  service,
  growth,
];
