/** The page at `/`: tries the API of the deployment that serves it. */
import { connectClassify } from "./classify/classify.ts";
import { connectCompare } from "./compare/compare.ts";
import { connectDeployment } from "./shared/deployment.ts";
import { byId } from "./shared/dom.ts";
import { connectTabs } from "./shared/tabs.ts";

connectTabs(byId("classify-tab").parentElement ?? document.body);
connectDeployment();
connectClassify();
connectCompare();
