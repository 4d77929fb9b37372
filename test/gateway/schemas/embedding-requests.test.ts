/** Requests for embeddings, with the fields of OpenAI and of Cohere: what is taken and what is refused. */
import { expect, it } from "vitest";
import { cohereEmbedRequestSchema } from "../../../functions/gateway/schemas/cohere-embed-request.ts";
import {
  embeddingsRequestSchema,
  refuseTokenIds,
} from "../../../functions/gateway/schemas/embeddings-request.ts";
import {
  type Acceptance,
  describeRows,
  LONG,
  messagesOf,
  PICTURE,
  type Refusal,
  texts,
} from "./request-rows.ts";
import { many, pictures } from "./validated.ts";

const MIXED = "must be a text, an image object, an object with a text, or a mix of both";
const INPUT = "must be a string, an image object or a list of them";

const SCHEMAS = {
  embeddings: [embeddingsRequestSchema, { input: "fox" }],
  cohere: [cohereEmbedRequestSchema, {}],
} as const;

const REFUSED: Refusal[] = [
  ["embeddings", { input: PICTURE }, "invalid_value", "input", '{"image": '],
  ["embeddings", { input: ["a", `${LONG}:picture`] }, "invalid_value", "input[1]", '{"image": '],
  ["embeddings", { input: undefined }, "missing_field", "input", "input or messages is needed"],
  [
    "embeddings",
    { messages: [{ role: "user", content: "a" }] },
    "invalid_type",
    "input",
    "input and messages exclude each other",
  ],
  ["embeddings", { input: [] }, "empty_input", "input", "at least one input is needed"],
  ["embeddings", { input: many(2049) }, "too_many_items", "input", "at most 2048 inputs"],
  ["embeddings", { input: pictures(17) }, "too_many_items", "input", "at most 16 images a request"],
  ["embeddings", { input: true }, "invalid_type", "input", INPUT],
  ["embeddings", { input: ["a", true] }, "invalid_type", "input[1]", MIXED],
  ["embeddings", { encoding_format: "hex" }, "invalid_type", "encoding_format", ""],
  ["embeddings", { dimensions: 1.5 }, "invalid_type", "dimensions", ""],
  ["embeddings", { user: 7 }, "invalid_type", "user", ""],
  [
    "embeddings",
    { input: undefined, messages: [] },
    "empty_input",
    "messages",
    "at least one message is needed",
  ],
  [
    "embeddings",
    { input: undefined, messages: many(65).map((content) => ({ role: "user", content })) },
    "too_many_items",
    "messages",
    "at most 64 messages",
  ],
  [
    "embeddings",
    { input: undefined, messages: [{ role: "user", content: [] }] },
    "invalid_type",
    "messages",
    "must hold a text or an image: a vector is made of it",
  ],
  ["embeddings", messagesOf(texts(4_096, 4_096)), "too_long", "messages", "8192 characters"],
  ["embeddings", messagesOf(texts(8_000, 8_000)), "too_long", "messages", "8192 characters"],
  ["embeddings", messagesOf(texts(5_000), texts(5_000)), "too_long", "messages", "8192 characters"],
  ["embeddings", messagesOf(["x".repeat(8_192)], texts(1)), "too_long", "messages", "8192 characters"],
  [
    "embeddings",
    messagesOf([...texts(5_000, 5_000), { image: "A" }]),
    "too_long",
    "messages",
    "8192 characters",
  ],
  [
    "embeddings",
    messagesOf(texts(...Array<number>(65).fill(1))),
    "too_many_items",
    "messages[0].content",
    "at most 64 parts",
  ],
  [
    "cohere",
    { inputs: [{ content: texts(1) }, { content: texts(8_000, 8_000) }] },
    "too_long",
    "inputs[1].content",
    "8192 characters",
  ],
  [
    "cohere",
    { inputs: [{ content: texts(...Array<number>(65).fill(1)) }] },
    "too_many_items",
    "inputs[0].content",
    "at most 64 parts",
  ],
  [
    "cohere",
    { inputs: [{ content: [] }] },
    "empty_input",
    "inputs[0].content",
    "at least one part is needed",
  ],
  [
    "embeddings",
    { input: undefined, messages: [{ role: "user", content: pictures(17) }] },
    "too_many_items",
    "messages",
    "at most 16 images a request",
  ],
  [
    "embeddings",
    { input: undefined, messages: [{ content: "a" }] },
    "missing_field",
    "messages[0].role",
    "is missing",
  ],
  [
    "embeddings",
    { encoding_format: "int8" },
    "invalid_type",
    "encoding_format",
    'must be "float" or "base64"',
  ],
  [
    "embeddings",
    { input: undefined, messages: [{ role: "user", content: 7 }] },
    "invalid_type",
    "messages[0].content",
    "must be a text or a list of parts",
  ],
];

const TAKEN: Acceptance[] = [
  ["embeddings", {}, { input: [{ text: "fox" }], encoding_format: "float" }],
  ["embeddings", { encoding_format: "base64", dimensions: null, user: "x" }, { encoding_format: "base64" }],
  [
    "embeddings",
    { input: ["a", { text: "b" }, { image: "C" }] },
    { input: [{ text: "a" }, { text: "b" }, { image: "C" }] },
  ],
  ["embeddings", { input: pictures(16) }, { input: pictures(16) }],
  [
    "embeddings",
    {
      input: undefined,
      messages: [
        { role: "user", content: "a" },
        { role: "user", content: [{ type: "text", text: "b" }] },
      ],
    },
    { messages: [{ text: "a\nb" }] },
  ],
  [
    "embeddings",
    { input: undefined, messages: [{ role: "user", content: [{ image: "A" }] }] },
    { messages: [{ image: "A" }] },
  ],
  [
    "embeddings",
    messagesOf(texts(4_096, 4_095)),
    { messages: [{ text: `${"x".repeat(4_096)}\n${"x".repeat(4_095)}` }] },
  ],
  [
    "cohere",
    { inputs: [{ content: texts(1, 2) }, { content: [{ image: "A" }] }] },
    { items: [{ text: "x\nxx" }, { image: "A" }], from: "inputs" },
  ],
  ["embeddings", { input: many(2048), encoding_format: null }, { encoding_format: "float" }],
  ["embeddings", { input: "data:text/plain,a", unknown: 1 }, { input: [{ text: "data:text/plain,a" }] }],
  ["embeddings", { input: [{ text: "a", image: null, other: 1 }] }, { input: [{ text: "a" }] }],
];

describeRows(SCHEMAS, TAKEN, REFUSED);

it.each([[[1, 2]], [[[1, 2]]], [7]])("token ids such as %j are refused", (input) => {
  expect(() => refuseTokenIds(input)).toThrow(/^input: token ids are not accepted/);
});

it.each([["a"], [["a"]], [[{ text: "a" }]], [undefined], [[]]])("%j are no token ids", (input) => {
  expect(() => refuseTokenIds(input)).not.toThrow();
});
