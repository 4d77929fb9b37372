/** Which model a request means, and what the API says about it. */
import type { Context } from "hono";
import type { Manifest } from "../../model-shards/manifest.ts";
import { modelReference } from "../../model-shards/model-reference.ts";
import { DEADLINES, withDeadline } from "../runtime/deadline.ts";
import { ServiceError } from "../runtime/errors.ts";
import { LeasedLoad } from "../runtime/lease.ts";
import { leasedManifest } from "../runtime/model-store/leased-manifest.ts";
import type { GatewayEnv } from "./env.ts";
import { type ServedModel, servedModels } from "./served-models.ts";

/**
 * The manifest of the model that the request names by id or alias, or of the deployment's first if it names none. Read
 * from R2 once per isolate.
 * @throws ServiceError `model_not_found`, `model_unavailable`
 */
export async function requestedModel(
  c: Context<GatewayEnv>,
  model: string | null | undefined,
): Promise<Manifest> {
  const served = servedModels(c.env);
  const [first] = served;
  const meant = model == null ? first : served.find(({ alias }) => alias === model);
  if (meant !== undefined) return await manifestOf(c, meant);
  // A model that cannot be read must not keep others from being found by their ids.
  const read = await Promise.allSettled(served.map((each) => manifestOf(c, each)));
  const manifests = read.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  const found = manifests.find(({ id }) => id === model);
  if (found !== undefined) return found;
  const failed = read.find((outcome) => outcome.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  const ids = manifests.map(({ id }) => `"${id}"`).join(", ");
  const message = `there is no model "${model}"; this deployment serves ${ids}`;
  throw new ServiceError("model_not_found", message, { param: "model" });
}

/** The default first. @throws ServiceError `model_unavailable` */
export async function allModels(c: Context<GatewayEnv>): Promise<Manifest[]> {
  return await Promise.all(servedModels(c.env).map((each) => manifestOf(c, each)));
}

async function manifestOf(c: Context<GatewayEnv>, { reference }: ServedModel): Promise<Manifest> {
  return await leasedManifest(c.env.MODELS, reference, (work) => c.executionCtx.waitUntil(work));
}

/** When models came into R2, by reference: seconds since 1970. Read once an isolate. */
const created = new Map<string, LeasedLoad<number>>();

/** @throws ServiceError `model_unavailable` */
async function createdAt(c: Context<GatewayEnv>, manifest: Manifest): Promise<number> {
  const reference = modelReference(manifest);
  const lease = created.get(reference) ?? new LeasedLoad<number>();
  created.set(reference, lease);
  const read = async (): Promise<number> => {
    try {
      const object = await withDeadline(DEADLINES.r2, () =>
        c.env.MODELS.head(`${manifest.alias}/${manifest.revision}/manifest.json`),
      );
      if (object === null) throw new Error("it is not there");
      return Math.floor(object.uploaded.getTime() / 1000);
    } catch (cause) {
      const message = `model ${reference}: its manifest cannot be read`;
      throw new ServiceError("model_unavailable", message, { cause });
    }
  };
  return await lease.get(read, (work) => c.executionCtx.waitUntil(work));
}

/**
 * OpenAI's model object and what a client of this API needs besides.
 * @throws ServiceError `model_unavailable`
 */
export async function describeModel(c: Context<GatewayEnv>, manifest: Manifest): Promise<object> {
  return {
    id: manifest.id,
    object: "model",
    created: await createdAt(c, manifest),
    owned_by: manifest.id.split("/", 1)[0],
    alias: manifest.alias,
    revision: manifest.revision,
    embedding_width: manifest.embedding_width,
    image_size: manifest.image.size,
    context_length: manifest.text.context_length,
    license: manifest.license,
  };
}
