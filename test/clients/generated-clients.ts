/**
 * Generators of clients: how each is run on `openapi.json`, and a program that classifies a picture with its client.
 */
import type { ProgramFolder } from "./other-packages.ts";

export interface GeneratedClient {
  generator: string;
  generate: (folder: ProgramFolder) => Promise<unknown>;
  /** Prints the prediction. `picture` is a data URI. */
  program: string;
}

const READ = `import { readFileSync } from "node:fs";
const picture = "data:image/png;base64," + readFileSync("fox.png").toString("base64");
const labels = ["bus", "fox", "harp"];
`;

/** @param server URL of the gateway */
export function generatedClients(server: () => string): GeneratedClient[] {
  return [
    {
      generator: "openapi-typescript",
      // A field with a default may be left out of a request.
      generate: (folder) =>
        folder.command(
          "openapi-typescript",
          "openapi.json",
          "-o",
          "types/schema.ts",
          "--default-non-nullable=false",
        ),
      program: `import createClient from "openapi-fetch";
import type { paths } from "./types/schema.ts";
${READ}
const client = createClient<paths>({ baseUrl: SERVER });
const { data } = await client.POST("/v1/classify", { body: { image: picture, labels } });
const prediction: string | null | undefined = data?.data[0]?.prediction;
console.log(prediction);
// @ts-expect-error: labels are no numbers
export const wrong = () => client.POST("/v1/classify", { body: { image: picture, labels: [1] } });
`,
    },
    {
      generator: "@hey-api/openapi-ts",
      generate: (folder) =>
        folder.command("openapi-ts", "-i", "openapi.json", "-o", "hey", "-c", "@hey-api/client-fetch"),
      program: `import { classify } from "./hey/sdk.gen.ts";
${READ}
const { data } = await classify({ body: { images: [picture], labels } });
const prediction: string | null | undefined = data?.data[0]?.prediction;
console.log(prediction);
// @ts-expect-error: labels are no numbers
export const wrong = () => classify({ body: { images: [picture], labels: [1] } });
`,
    },
    {
      generator: "orval",
      generate: async (folder) => {
        const output = { target: "orval/client.ts", client: "fetch", baseUrl: server() };
        const config = { edgeclip: { input: "openapi.json", output } };
        await folder.write("orval.config.mjs", `export default ${JSON.stringify(config)};\n`);
        return await folder.command("orval", "--config", "orval.config.mjs");
      },
      // Orval's client leaves the type of the body to the caller where an operation takes JSON and forms.
      program: `import { classify } from "./orval/client.ts";
${READ}
const headers = { "content-type": "application/json" };
const answer = await classify({ input: [picture], label: labels }, { headers });
const prediction: string | null | undefined = answer.status === 200 ? answer.data.data[0]?.prediction : undefined;
console.log(prediction);
// @ts-expect-error: labels are no numbers
export const wrong = () => classify({ images: [picture], labels: [1] });
`,
    },
  ];
}

/** Options of `tsc` for a program that Node runs as it is. */
export const STRICT = [
  "--noEmit",
  "--strict",
  "--target",
  "es2022",
  "--module",
  "nodenext",
  "--lib",
  "es2023,dom,dom.iterable",
  "--skipLibCheck",
  "--allowImportingTsExtensions",
  "--types",
  "node",
  "--typeRoots",
];
