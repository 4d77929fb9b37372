/**
 * The request bodies that the reference shows, by operation. `test/api/openapi.test.ts` sends them all: each works as
 * it is on every deployment, except that a file's id, such as that of a batch's input, must be one's own. A form's
 * example has its fields without its files, which a person chooses.
 */
import { EXAMPLE_PICTURE } from "./example-picture.ts";

interface Example {
  summary: string;
  value: object;
}

interface Examples {
  json?: Record<string, Example>;
  form?: Record<string, unknown>;
}

const labels = ["fox", "rabbit", "bus", "grapes"];
const picture = { image: EXAMPLE_PICTURE };

/** Name of the set that the example of `createLabelSet` makes. */
export const EXAMPLE_SET = "animals";

const EXAMPLES: Record<string, Examples> = {
  classify: {
    json: {
      labels: { summary: "A picture and labels", value: { images: [EXAMPLE_PICTURE], labels } },
      labelSet: {
        summary: "A stored label set, which the example of createLabelSet makes",
        value: { images: [EXAMPLE_PICTURE], label_set: EXAMPLE_SET },
      },
      prompts: {
        summary: "Prompts of one's own, thresholds, independent scores",
        value: {
          image: EXAMPLE_PICTURE,
          labels: [
            { label: "fox", prompts: ["a drawing of a fox", "a fox's head"], min_similarity: 0.1 },
            "bus",
          ],
          templates: ["a picture of a {}.", "a drawing of a {}."],
          negative: ["a picture.", "a drawing."],
          multi_label: true,
          top_k: 2,
        },
      },
      none: {
        summary: "None of these, and a bad picture that does not fail the others",
        value: {
          images: [EXAMPLE_PICTURE, "no picture"],
          labels: ["fox", "grapes"],
          none: { prompts: ["something", "a picture of an object."], bias: 1 },
          on_error: "report",
        },
      },
    },
    form: { labels },
  },
  similarity: {
    json: {
      texts: {
        summary: "A picture and texts",
        value: { images: [EXAMPLE_PICTURE], texts: ["a picture of a fox", "a picture of a bus"] },
      },
    },
    form: { texts: ["a picture of a fox", "a picture of a bus"] },
  },
  embeddings: {
    json: {
      texts: { summary: "Texts", value: { input: ["a picture of a fox", "a picture of a bus"] } },
      bytes: {
        summary: "int8, as base64 of its bytes",
        value: { input: ["a picture of a fox"], output_dtype: "int8", encoding_format: "bytes" },
      },
      mix: {
        summary: "A mix: the picture, less of its orange",
        value: {
          input: {
            content: [
              { ...picture, weight: 1 },
              { type: "text", text: "orange", weight: -0.5 },
            ],
          },
        },
      },
      mixed: { summary: "A text and a picture", value: { input: ["a picture of a fox", picture] } },
      messages: {
        summary: "A picture in a message, as vLLM takes it",
        value: {
          messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: EXAMPLE_PICTURE } }] }],
        },
      },
    },
  },
  rerank: {
    json: {
      textsByPicture: { summary: "Texts, by a picture", value: { query: picture, documents: labels } },
      picturesByText: {
        summary: "Pictures and texts, by a text",
        value: { query: "a fox", documents: [picture, "a bus"], top_n: 1, return_documents: true },
      },
    },
  },
  cohereRerank: {
    json: { texts: { summary: "Texts, by a text", value: { query: "a fox", documents: labels, top_n: 2 } } },
  },
  cohereEmbed: {
    json: {
      texts: {
        summary: "Texts",
        value: { texts: ["a fox", "a bus"], input_type: "search_document", embedding_types: ["float"] },
      },
      inputs: {
        summary: "A text and a picture",
        value: {
          inputs: [
            { content: [{ type: "text", text: "a fox" }] },
            { content: [{ type: "image_url", image_url: { url: EXAMPLE_PICTURE } }] },
          ],
          embedding_types: ["base64"],
        },
      },
    },
  },
  zeroShotImageClassification: {
    json: {
      labels: {
        summary: "A picture and labels",
        value: { inputs: EXAMPLE_PICTURE, parameters: { candidate_labels: labels } },
      },
    },
  },
  featureExtraction: { json: { texts: { summary: "Texts", value: { inputs: ["a fox", "a bus"] } } } },
  createLabelSet: {
    json: {
      labels: {
        summary: "Labels, one with prompts of its own",
        value: {
          name: EXAMPLE_SET,
          labels: ["fox", { label: "rabbit", prompts: ["a rabbit", "a hare"] }, "giraffe"],
          templates: "openai-7",
        },
      },
    },
  },
  createFile: {
    form: { purpose: "vision", "expires_after[anchor]": "created_at", "expires_after[seconds]": 86_400 },
  },
  createBatch: {
    json: {
      night: {
        summary: "Classifications in a file that was uploaded with the purpose batch",
        value: {
          input_file_id: "file-…",
          endpoint: "/v1/classify",
          completion_window: "24h",
          metadata: { job: "night" },
        },
      },
    },
  },
  createVectorStore: {
    json: {
      named: {
        summary: "A store that goes a week after its last use",
        value: {
          name: "drawings",
          metadata: { owner: "zoo" },
          expires_after: { anchor: "last_active_at", days: 7 },
        },
      },
    },
  },
  updateVectorStore: { json: { name: { summary: "Another name", value: { name: "animals" } } } },
  addVectorStoreFiles: {
    json: {
      pictures: { summary: "Pictures", value: { images: [EXAMPLE_PICTURE], attributes: { kind: "animal" } } },
      picture: {
        summary: "A picture with a name and attributes",
        value: { ...picture, filename: "fox.png", attributes: { kind: "animal", year: 2024, drawn: true } },
      },
    },
    form: { attributes: '{"kind": "animal"}' },
  },
  updateVectorStoreFile: {
    json: {
      attributes: { summary: "Other attributes", value: { attributes: { kind: "animal", year: 2025 } } },
    },
  },
  createVectorStoreFileBatch: {
    json: {
      files: {
        summary: "Files with attributes of their own",
        value: { files: [{ file_id: "file-…", attributes: { kind: "animal" } }] },
      },
    },
  },
  searchVectorStore: {
    json: {
      words: { summary: "By words", value: { query: "a drawing of a fox", max_num_results: 5 } },
      filtered: {
        summary: "By words, among some",
        value: {
          query: ["a drawing of a fox", "a picture of a dog"],
          filters: {
            type: "and",
            filters: [
              { type: "eq", key: "kind", value: "animal" },
              { type: "gte", key: "year", value: 2020 },
            ],
          },
          ranking_options: { score_threshold: 0.1 },
        },
      },
      picture: { summary: "By a picture", value: picture },
      mix: {
        summary: "By a picture, less of its orange",
        value: {
          content: [
            { ...picture, weight: 1 },
            { type: "text", text: "orange", weight: -0.5 },
          ],
        },
      },
    },
    form: { max_num_results: 5 },
  },
  computeLabelSets: { json: { first: { summary: "The first request", value: {} } } },
};

/** @returns no examples for an operation that has no body */
export function examplesOf(operationId: string): Required<Examples> {
  const { json = {}, form = {} } = EXAMPLES[operationId] ?? {};
  return { json, form };
}
