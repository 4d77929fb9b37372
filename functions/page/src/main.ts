/** The page at `/`, for a first try of the API. It uses only the public API. */
import { classify } from "./classify-tab.ts";
import { compare } from "./compare-tab.ts";
import { connection } from "./connection.ts";
import { find } from "./dom.ts";
import { pageLink } from "./page-link.ts";
import { searchWhenShown } from "./search-when-shown.ts";
import { tabs } from "./tabs.ts";

const model = find(document, "#model", HTMLSelectElement);
const classifySection = find(document, "#classify");
const tabList = find(document, "[role=tablist]");

tabs(tabList);
const loadSets = connection(
  find(document, "#connection", HTMLFormElement),
  find(classifySection, "[data-labels]"),
);
classify(classifySection, model, loadSets);
compare(find(document, "#compare"), () => model.value);
searchWhenShown(find(document, "#search"), () => model.value, find(document, "#connection"));
pageLink(tabList);
