/**
 * The API key, and what it gives access to. Models and label sets are loaded at the start and whenever the key changes.
 */
import { Failure } from "./api/failure.ts";
import { find } from "./dom.ts";
import { failureInWords } from "./failure-in-words.ts";
import { keepKey, readKey } from "./key.ts";
import { offerLabelSets } from "./labels/offer-label-sets.ts";
import { latestOnly } from "./latest.ts";
import { offerModels } from "./offer-models.ts";
import { problem } from "./results/problem.ts";

/**
 * @param labels the element that offers label sets
 * @returns a function that loads the label sets again
 */
export function connection(form: HTMLFormElement, labels: HTMLElement): () => Promise<void> {
  const details = find(form, "details", HTMLDetailsElement);
  const key = find(form, "#key", HTMLInputElement);
  const model = find(form, "#model", HTMLSelectElement);
  const slot = find(form, "#connection-problem");
  const setHint = find(labels, "[data-set-hint]");

  const loadSets = latestOnly(async (_: void, signal) => {
    // A public deployment needs a key only for label sets, so a refusal here is normal.
    await succeeds(offerLabelSets(labels, model.value, signal), signal, (failure) => {
      setHint.textContent = failureInWords(failure).detail;
    });
  });
  const load = latestOnly(async (_: void, signal) => {
    slot.replaceChildren();
    const isLetIn = await succeeds(offerModels(model, signal), signal, (failure) => {
      slot.replaceChildren(problem(failureInWords(failure), () => void load()));
      if (failure.refusal?.status === 401) details.open = true;
    });
    if (isLetIn) await loadSets();
  });
  const show = (): void => {
    const { note = "", remark = "" } = model.selectedOptions[0]?.dataset ?? {};
    find(form, "#model-hint").textContent = note;
    find(form, "[data-model-remark]").textContent = remark;
    const withKey = key.value.trim() === "" ? "no key" : "with a key";
    find(form, "[data-connected]").textContent = `${model.value || "default model"}, ${withKey}`;
  };
  model.addEventListener("change", show);
  key.value = readKey();
  key.addEventListener("change", () => {
    keepKey(key.value.trim());
    show();
    void load();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  show();
  void load();
  return loadSets;
}

async function succeeds(
  work: Promise<void>,
  signal: AbortSignal,
  otherwise: (failure: Failure) => void,
): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Failure)) throw error;
    otherwise(error);
    return false;
  }
}
