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

/** @param labels the element that offers label sets */
export function connection(form: HTMLFormElement, labels: HTMLElement): void {
  const key = find(form, "#key", HTMLInputElement);
  const model = find(form, "#model", HTMLSelectElement);
  const modelHint = find(form, "#model-hint");
  const slot = find(form, "#connection-problem");
  const setHint = find(labels, "[data-set-hint]");

  const load = latestOnly(async (_: void, signal) => {
    slot.replaceChildren();
    const isLetIn = await succeeds(offerModels(model, signal), signal, (failure) => {
      slot.replaceChildren(problem(failureInWords(failure), () => void load()));
    });
    if (!isLetIn) return;
    // A public deployment needs a key only for label sets, so a refusal here is normal.
    await succeeds(offerLabelSets(labels, signal), signal, (failure) => {
      setHint.textContent = failureInWords(failure).detail;
    });
  });
  model.addEventListener("change", () => {
    modelHint.textContent = model.selectedOptions[0]?.dataset["note"] ?? "";
  });
  key.value = readKey();
  key.addEventListener("change", () => {
    keepKey(key.value.trim());
    void load();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  void load();
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
