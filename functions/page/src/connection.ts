/** The key and what it opens: models and label sets are asked for at the start and whenever the key changes. */
import { Failure } from "./api/failure.ts";
import { find } from "./dom.ts";
import { failureInWords } from "./failure-in-words.ts";
import { keepKey, readKey } from "./key.ts";
import { offerLabelSets } from "./labels/offer-label-sets.ts";
import { latestOnly } from "./latest.ts";
import { offerModels } from "./offer-models.ts";
import { problem } from "./results/problem.ts";

/** @param labels where label sets are offered */
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
    // A public deployment wants a key for these alone: no reason for alarm.
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
