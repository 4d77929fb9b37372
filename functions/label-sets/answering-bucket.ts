/** Wraps an R2 bucket so that every failure or timeout becomes an error that a client understands. */
import { DEADLINES, withDeadline } from "../runtime/deadline.ts";
import { ServiceError } from "../runtime/errors.ts";

/** The methods of the result throw ServiceError `model_unavailable`. */
export function answeringBucket(bucket: R2Bucket): R2Bucket {
  return new Proxy(bucket, {
    get: (target, name) => {
      const method = Reflect.get(target, name) as (...parameters: unknown[]) => Promise<unknown>;
      const deadline = name === "get" || name === "head" ? DEADLINES.r2 : DEADLINES.r2Body;
      return async (...parameters: unknown[]) =>
        await answered(deadline, () => Reflect.apply(method, target, parameters));
    },
  });
}

/** @throws ServiceError `model_unavailable` */
export async function bodyOf(object: R2ObjectBody): Promise<ArrayBuffer> {
  return await answered(DEADLINES.r2Body, () => object.arrayBuffer());
}

export function unreachable(cause: unknown): ServiceError {
  return new ServiceError("model_unavailable", "label sets cannot be reached; try again", { cause });
}

/** R2 refused to write an object that others write: it takes one write a second. */
export function isBusy(error: unknown): boolean {
  return error instanceof ServiceError && String(error.cause).includes("(10058)");
}

async function answered<T>(deadline: number, question: () => Promise<T>): Promise<T> {
  try {
    return await withDeadline(deadline, question);
  } catch (cause) {
    throw unreachable(cause);
  }
}
