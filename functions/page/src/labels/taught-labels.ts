/**
 * Labels that learn from pictures. A picture is embedded once, when it is dropped onto its label, and every request
 * carries its vector.
 */
import { call } from "../api/call.ts";
import { Failure } from "../api/failure.ts";
import { embedded } from "../api/types.ts";
import { crossButton, find, make } from "../dom.ts";
import { failureInWords } from "../failure-in-words.ts";
import { transferredPictures } from "../pictures/chosen-picture.ts";

/** Examples of a label. More teach little, and each adds about 3 kB to every request. */
const MAX_EXAMPLES = 8;

interface Example {
  embedding: string;
  revision: string;
}

export type RequestLabel = string | { label: string; examples: readonly Example[] };

export interface TaughtLabels {
  /** Shows these labels, each of which can be taught. */
  show(labels: readonly string[]): void;
  /** A label as a request names it, with what it learned for the model that is chosen. */
  labelOf(label: string): RequestLabel;
}

/** @param model gives the chosen model @param changed is called when a label has learned or forgotten something */
export function taughtLabels(field: HTMLElement, model: () => string, changed: () => void): TaughtLabels {
  const list = find(field, "[data-taught]");
  const said = find(field, "[data-taught-problem]");
  const learned = new Map<string, Example[]>();
  let shown: readonly string[] = [];

  const examplesOf = (label: string): Example[] => learned.get(keyOf(model(), label)) ?? [];
  const show = (labels: readonly string[]): void => {
    shown = labels;
    list.replaceChildren(...[...new Set(labels)].map((label) => make("li", {}, ...controls(label))));
  };
  const teach = async (label: string, files: readonly File[]): Promise<void> => {
    // Another model may be chosen before all are embedded, and its vectors are of no use to this one.
    const by = model();
    const key = keyOf(by, label);
    said.textContent = "";
    try {
      for (const file of files.slice(0, MAX_EXAMPLES - examplesOf(label).length)) {
        const example = await embed(file, by);
        learned.set(key, [...(learned.get(key) ?? []), example].slice(0, MAX_EXAMPLES));
      }
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      said.textContent = failureInWords(error).detail;
    }
    show(shown);
    changed();
  };
  const controls = (label: string): HTMLElement[] => {
    const { length } = examplesOf(label);
    const file = make("input", { type: "file", accept: "image/*", multiple: "", hidden: "" });
    const pictures = length === 1 ? "1 picture" : `${length} pictures`;
    const drop = make("button", { type: "button" }, `${label} `, make("span", {}, pictures));
    drop.addEventListener("click", () => file.click());
    file.addEventListener("change", () => void teach(label, [...(file.files ?? [])]));
    for (const type of ["dragenter", "dragover", "dragleave", "drop"] as const) {
      drop.addEventListener(type, (event) => {
        event.preventDefault();
        drop.classList.toggle("over", type === "dragenter" || type === "dragover");
        if (type !== "drop") return;
        const dropped = transferredPictures(event.dataTransfer);
        void teach(
          label,
          dropped.flatMap((picture) => ("file" in picture ? picture.file : [])),
        );
      });
    }
    if (length === 0) return [drop, file];
    const forget = crossButton(`Forget the pictures of ${label}`, () => {
      learned.delete(keyOf(model(), label));
      show(shown);
      changed();
      // Move the focus: the button that had it is gone.
      list.querySelectorAll("button")[shown.indexOf(label)]?.focus();
    });
    return [drop, file, forget];
  };
  return {
    show,
    labelOf: (label) => {
      const examples = examplesOf(label);
      return examples.length === 0 ? label : { label, examples };
    },
  };
}

function keyOf(model: string, label: string): string {
  return JSON.stringify([model, label]);
}

async function embed(file: File, model: string): Promise<Example> {
  const body = {
    ...(model === "" ? {} : { model }),
    input: { image: await dataUri(file) },
    encoding_format: "base64",
  };
  const headers = { "content-type": "application/json" };
  const init = { method: "POST", headers, body: JSON.stringify(body) };
  const { data, revision } = (await call("/v1/embeddings", embedded, init)).body;
  return { embedding: data[0]?.embedding ?? "", revision };
}

function dataUri(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result as string));
    reader.addEventListener("error", () => reject(reader.error ?? new Error("the file cannot be read")));
    reader.readAsDataURL(file);
  });
}
