/** Requests, and the contract's answer to each, in the order in which `contract.test.ts` sends them. */
import { batchCases } from "./batch-cases.ts";
import { classifyCases } from "./classify-cases.ts";
import { cohereEmbedCases } from "./cohere-embed-cases.ts";
import { type Case, row } from "./contract-row.ts";
import { embeddingCases } from "./embedding-cases.ts";
import { fileCases } from "./file-cases.ts";
import { huggingFaceCases } from "./hugging-face-cases.ts";
import { labelSetCases } from "./label-set-cases.ts";
import type { Material } from "./material.ts";
import { rerankCases } from "./rerank-cases.ts";
import { similarityCases } from "./similarity-cases.ts";
import { storeCases } from "./store-cases.ts";

export function contractCases(material: Material): Case[] {
  return [
    ...classifyCases(material),
    ...similarityCases(material),
    ...labelSetCases(material),
    ...batchCases(),
    ...embeddingCases(material),
    ...rerankCases(material),
    ...cohereEmbedCases(material),
    ...huggingFaceCases(material),
    row("GET /v2/embed", "", undefined, 405, "method_not_allowed"),
    ...storeCases(material),
    ...fileCases(material.file),
    row("GET /v1/models", "the list", undefined, 200),
    row("GET /v1/models/edgeclip/demo", "by id", undefined, 200),
    row("GET /v1/models/edgeclip%2Fdemo", "by id, escaped", undefined, 200),
    row("GET /v1/models/edgeclip-demo", "by alias", undefined, 200),
    row("GET /v1/models/x", "an unknown one", undefined, 404, "model_not_found"),
    row("GET /healthz", "", undefined, 200),
    row("GET /readyz", "", undefined, 200),
    row("GET /openapi.json", "", undefined, 200),
    row("GET /nowhere", "", undefined, 404, "not_found"),
    row("GET /v1/classify", "", undefined, 405, "method_not_allowed"),
    row("PUT /v1/label_sets", "", undefined, 405, "method_not_allowed"),
  ];
}
