/** What the deployment offers this caller: its models and their label sets. Asked anew when the key changes. */
import { apiKey, keepApiKey } from "./api-key.ts";
import { ask } from "./api.ts";
import { byId, make, typedById } from "./dom.ts";
import { inWords } from "./words.ts";

interface Model {
  id: string;
  alias: string;
  image_size: number;
}

interface LabelSet {
  id: string;
  name: string | null;
  labels: number;
  status: string;
}

const model = typedById("model", HTMLSelectElement);
const labelSet = typedById("label-set", HTMLSelectElement);
const note = byId("deployment-note");

export function chosenModel(): string | undefined {
  return model.value === "" ? undefined : model.value;
}

export function connectDeployment(): void {
  const key = typedById("key", HTMLInputElement);
  key.value = apiKey();
  key.addEventListener("change", () => {
    keepApiKey(key.value.trim());
    void load();
  });
  byId("deployment").addEventListener("submit", (event) => event.preventDefault());
  void load();
}

async function load(): Promise<void> {
  model.replaceChildren();
  labelSet.replaceChildren(make("option", { value: "" }, "the labels above"));
  try {
    const models = await ask<{ data: Model[] }>("/v1/models");
    model.append(
      ...models.body.data.map(({ id, alias, image_size: size }) =>
        make("option", { value: alias }, `${id}, ${size} px`),
      ),
    );
    note.textContent = "";
    // Strangers of a public deployment have models, but no sets.
    const sets = await ask<{ data: LabelSet[] }>("/v1/label_sets?limit=100").catch(() => undefined);
    const ready = sets?.body.data.filter(({ status }) => status === "ready") ?? [];
    labelSet.append(
      ...ready.map(({ id, name, labels }) =>
        make("option", { value: id }, `${name ?? id}, ${labels} labels`),
      ),
    );
  } catch (error) {
    note.textContent = inWords(error);
  }
}
