/**
 * The tab that searches pictures in a vector store, in words or by a picture. It is a bundle of its own, which
 * `search-when-shown.ts` loads.
 */
import { call } from "./api/call.ts";
import { matches } from "./api/store-types.ts";
import { type ApiRequest, requestInit } from "./api-request.ts";
import { crossButton, find, make } from "./dom.ts";
import { outcome } from "./outcome.ts";
import type { Picture } from "./pictures/chosen-picture.ts";
import { pictureInput } from "./pictures/picture-input.ts";
import { preview } from "./pictures/preview.ts";
import { showGallery } from "./results/gallery.ts";
import { measurements } from "./results/measurements.ts";
import { pictureAdder } from "./stores/add-pictures.ts";
import { searchRequest } from "./stores/store-calls.ts";
import { storeContents } from "./stores/store-contents.ts";
import { storeMenu } from "./stores/store-menu.ts";
import { onSubmit } from "./submit.ts";

/** Pictures in an answer, at first and at most (the API's limit). */
const SHOWN = 12;
const MAX_SHOWN = 50;

/**
 * @param model gives the chosen model
 * @param connection the form with the key
 */
export function search(section: HTMLElement, model: () => string, connection: HTMLElement): void {
  const store = find(section, "#store", HTMLSelectElement);
  const adding = find(section, "[data-add]");
  const question = find(section, "[data-question]");
  const words = find(question, "#query", HTMLInputElement);
  const asked = find(question, "[data-asked]");
  let picture: Picture | undefined;
  const shown = outcome(
    find(section, "[data-outcome]"),
    "search-snippet",
    "Choose or make a store, add pictures, then say what to find, in words or by a picture.",
  );

  const ask = (request: ApiRequest, more?: () => void): void => {
    shown.start({
      request,
      run: async (signal) => {
        const answer = await call(request.path, matches, { ...requestInit(request), signal });
        const { data, has_more: hasMore } = answer.body;
        const { element, spoken } = showGallery(data, hasMore ? more : undefined);
        shown.show("result", element);
        shown.show("announcement", spoken);
        shown.show("measurements", measurements(answer));
        shown.bringIntoSight();
      },
    });
  };
  const askFirst = (): void => {
    if (store.value === "") {
      (store.disabled ? find(section, "#store-name") : store).focus();
      return;
    }
    const isAsked = picture !== undefined || words.value.trim() !== "";
    if (!isAsked) {
      words.focus();
      return;
    }
    // More of the same, whatever is typed or chosen by then.
    const asking = [store.value, picture ?? words.value.trim()] as const;
    ask(searchRequest(...asking, SHOWN), () => ask(searchRequest(...asking, MAX_SHOWN)));
  };
  const showAsked = (): void => {
    find(question, "[data-asked-hint]").textContent =
      picture === undefined ? "" : "The search is by this picture, not by the words.";
    if (picture === undefined) {
      asked.replaceChildren();
      return;
    }
    const forget = crossButton(`Remove ${picture.name}`, () => {
      picture = undefined;
      showAsked();
      words.focus();
    });
    asked.replaceChildren(make("li", {}, preview(picture), forget));
  };

  const contents = storeContents(find(adding, "[data-contents]", HTMLDetailsElement), () => void load());
  const add = pictureAdder(adding, () => {
    void load();
    contents(store.value);
  });
  let shownOf = "";
  const load = storeMenu(section, model, (chosen) => {
    // What was found is in another store, or in one that is deleted.
    if (chosen !== shownOf) shown.clear();
    shownOf = chosen;
    adding.hidden = chosen === "";
    contents(chosen);
  });
  pictureInput(
    adding,
    (pictures) => void add(store.value, pictures),
    () => false,
  );
  pictureInput(
    question,
    ([first]) => {
      picture = first;
      showAsked();
      askFirst();
    },
    () => !section.hidden,
  );
  words.addEventListener("input", () => {
    picture = undefined;
    showAsked();
  });
  onSubmit(find(section, "form", HTMLFormElement), askFirst);

  connection.addEventListener("change", ({ target }) => {
    if (target instanceof HTMLInputElement) void load();
  });
  void load();
}
