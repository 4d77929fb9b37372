/** The fuzzers' grammar and the reference are in step, and what is spoiled was right before. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { request } from "../support/send-request.ts";
import { startWorkers, type Workers } from "../support/workers.ts";
import { bodylessRoutes } from "./grammar/bodyless.ts";
import { validBodies } from "./grammar/valid-bodies.ts";
import type { Known, ValidBody } from "./grammar/valid-request.ts";
import { knownThings } from "./known-things.ts";

const JSON_TYPE = { "content-type": "application/json" };

let workers: Workers;
let known: Known;

beforeAll(async () => {
  workers = await startWorkers();
  known = await knownThings(workers.url);
});

afterAll(async () => {
  await workers.dispose();
});

it("has a request for every operation of the reference", async () => {
  const { body } = await request("GET", `${workers.url}/openapi.json`);
  const sent = [
    ...validBodies(known).map(({ path }) => `POST ${path}`),
    ...bodylessRoutes(known).map(({ method, path }) => `${method} ${path}`),
  ];
  const operations = Object.entries(body.paths as Record<string, object>).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const forgotten = operations.filter((operation) => {
    const pattern = new RegExp(`^${operation.replaceAll(/\{\w+\}/g, "[^/]+")}$`);
    return !sent.some((each) => pattern.test(each));
  });
  expect(operations.length).toBeGreaterThan(30);
  expect(forgotten).toEqual([]);
});

it("begins with requests that are accepted", async () => {
  const refused: string[] = [];
  const send = async (method: string, path: string, body?: object): Promise<void> => {
    const isForm = body === undefined || body instanceof FormData;
    const sent = isForm ? { body: body ?? null } : { body: JSON.stringify(body), headers: JSON_TYPE };
    const response = await fetch(workers.url + path, { method, ...sent });
    const text = await response.text();
    if (!response.ok) refused.push(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`);
  };
  for (const valid of validBodies(known)) {
    if (valid.forms !== "only") await send("POST", valid.path, { ...valid.fields });
    if (valid.forms !== "none") await send("POST", valid.path, formOf(valid));
  }
  // What is over cannot be cancelled.
  const routes = bodylessRoutes(known).filter(({ path }) => !path.endsWith("/cancel"));
  for (const { method, path } of routes.filter((route) => route.method === "GET")) await send(method, path);
  // What is within another goes first; the set's name leads to what is gone then.
  const deletions = routes.filter(({ method, path }) => method === "DELETE" && !path.endsWith("/known"));
  for (const { method, path } of deletions.toReversed()) await send(method, path);
  expect(refused).toEqual([]);
});

function formOf({ fields }: ValidBody): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    const [first] = [value].flat() as unknown[];
    const isFile = (name.startsWith("image") || name === "file") && typeof first === "string";
    if (isFile) form.append(name, new Blob([Buffer.from(first, "base64")]), "fox.png");
    else form.append(name, typeof value === "string" ? value : JSON.stringify(value));
  }
  return form;
}
