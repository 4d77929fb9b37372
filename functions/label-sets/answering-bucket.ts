/** Wraps an R2 bucket so that every failure or timeout becomes an error that a client understands. */
import { answeredBy } from "../runtime/answered-by.ts";
import { DEADLINES } from "../runtime/deadline.ts";
import { ServiceError } from "../runtime/errors.ts";

/** The methods of the result throw ServiceError `model_unavailable`. */
export function answeringBucket(bucket: R2Bucket): R2Bucket {
  return new Proxy(bucket, {
    get: (target, name) => {
      const method = Reflect.get(target, name) as (...parameters: unknown[]) => Promise<unknown>;
      const deadline = name === "get" || name === "head" ? DEADLINES.r2 : DEADLINES.r2Body;
      return async (...parameters: unknown[]) =>
        await answeredBy(deadline, () => Reflect.apply(method, target, parameters), unreachable);
    },
  });
}

/** @throws ServiceError `model_unavailable` */
export async function bodyOf(object: R2ObjectBody): Promise<ArrayBuffer> {
  return await answeredBy(DEADLINES.r2Body, () => object.arrayBuffer(), unreachable);
}

export function unreachable(cause: unknown): ServiceError {
  return new ServiceError("model_unavailable", "label sets cannot be reached; try again", { cause });
}
