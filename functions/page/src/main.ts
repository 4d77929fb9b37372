/** The page at `/`, for a first try of the API. It uses only the public API. */
import { classify } from "./classify-tab.ts";
import { compare } from "./compare-tab.ts";
import { connection } from "./connection.ts";
import { find } from "./dom.ts";
import { tabs } from "./tabs.ts";

const model = find(document, "#model", HTMLSelectElement);
const classifySection = find(document, "#classify");

tabs(find(document, "[role=tablist]"));
classify(classifySection, model);
compare(find(document, "#compare"), () => model.value);
connection(find(document, "#connection", HTMLFormElement), find(classifySection, "[data-labels]"));
