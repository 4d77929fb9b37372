/** Offers the deployment's models. */
import { call } from "./api/call.ts";
import { models } from "./api/types.ts";
import { make } from "./dom.ts";

/** @throws Failure */
export async function offerModels(select: HTMLSelectElement, signal: AbortSignal): Promise<void> {
  const { body } = await call("/v1/models", models, { signal });
  const chosen = select.value;
  select.replaceChildren(...body.data.map(({ id }) => make("option", { value: id }, id)));
  if (body.data.some(({ id }) => id === chosen)) select.value = chosen;
  select.dispatchEvent(new Event("change"));
}
