#!/usr/bin/env node
/**
 * `npm run classify`, and the package `edgeclip-classify`: classifies the pictures of a folder with a running service.
 */
import { basename, extname } from "node:path";
import { runCommand } from "../../build/command-line/command.ts";
import { UsageError } from "../../build/command-line/usage-error.ts";
import { wholeNumber } from "../../build/command-line/values.ts";
import { expectService } from "../service/patient-request.ts";
import { pictureFiles } from "../service/picture-files.ts";
import { serviceAt, URL_OPTION } from "../service/service-option.ts";
import { SOME_REFUSED } from "../service/refused-request.ts";
import { classifyPictures, type Settings } from "./classify-pictures.ts";
import { openOutput } from "./output.ts";
import type { Format } from "./rows.ts";

/** How it was called: by npm in this repository, or as the package's command. */
const NAME = basename(process.argv[1] ?? "").startsWith("edgeclip-classify")
  ? "edgeclip-classify"
  : "npm run classify --";

function settingsOf(values: {
  labels?: string | undefined;
  "label-set"?: string | undefined;
  none?: boolean | undefined;
  model?: string | undefined;
}): Settings {
  const { labels, "label-set": set, none, model } = values;
  if ((labels === undefined) === (set === undefined)) throw new UsageError("give --labels or --label-set");
  return {
    ...(labels === undefined ? { label_set: set } : { labels: labelsOf(labels) }),
    ...(none === true ? { none: true } : {}),
    ...(model === undefined ? {} : { model }),
  };
}

/** A JSON list, for labels with commas or prompts, or names between commas. */
function labelsOf(text: string): unknown {
  if (!text.startsWith("[")) return text.split(",").map((label) => label.trim());
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError("--labels is names between commas, or a JSON list");
  }
}

function formatOf(csv: boolean | undefined, jsonl: boolean | undefined, out: string | undefined): Format {
  if (csv === true && jsonl === true) throw new UsageError("give --csv or --jsonl");
  const ending = extname(out ?? "").toLowerCase();
  const contradicted = csv === true ? ".jsonl" : jsonl === true ? ".csv" : undefined;
  if (contradicted !== undefined && ending === contradicted) {
    throw new UsageError(`${csv === true ? "--csv" : "--jsonl"} contradicts the ending of --out ${out}`);
  }
  if (jsonl === true || ending === ".jsonl") return "jsonl";
  return csv === true || out !== undefined ? "csv" : "text";
}

await runCommand(
  {
    usage: `${NAME} <folder or picture> … --labels <a,b> | --label-set <name> [options]`,
    about: `Writes the best label of each picture. The API key of the service is read from EDGECLIP_API_KEY. A run with --out that was
ended goes on where it was, if it has the same labels. Exit code 3: some pictures were refused; their rows say why.`,
    words: ["<folder or picture> …"],
    options: {
      labels: { type: "string", value: "<a,b>", about: "labels between commas, or a JSON list" },
      "label-set": { type: "string", value: "<name>", about: "name or id of a stored label set" },
      none: { type: "boolean", about: "leave pictures without a label that none fits" },
      model: { type: "string", value: "<id>", about: "model; without it, the service's default" },
      csv: { type: "boolean", about: "write CSV" },
      jsonl: { type: "boolean", about: "write JSON lines, with the scores of the best five labels" },
      out: { type: "string", value: "<file>", about: "write to a file, and go on with it (CSV, or .jsonl)" },
      concurrency: { type: "string", value: "<n>", default: "8", about: "requests at once" },
      url: URL_OPTION,
    },
  },
  async ({ csv, jsonl, out, concurrency, url, ...values }, paths) => {
    const settings = settingsOf(values);
    const format = formatOf(csv, jsonl, out);
    const atOnce = wholeNumber("--concurrency", concurrency, { most: 64 });
    const service = serviceAt(url);
    const files = await pictureFiles(paths);
    await expectService(service);
    const output = await openOutput(out, format);
    const left = files.filter((file) => !output.done.has(file));
    let [written, refused] = [files.length - left.length, 0];
    try {
      for await (const row of classifyPictures(left, settings, service, atOnce)) {
        await output.write(row);
        written++;
        if (row.error !== null) refused++;
        if (process.stderr.isTTY) process.stderr.write(`\r${written} of ${files.length}`);
      }
    } finally {
      await output.close();
      if (process.stderr.isTTY) process.stderr.write("\r");
      console.error(`${written} of ${files.length} pictures, ${refused} of them refused`);
    }
    if (refused > 0) process.exitCode = SOME_REFUSED;
  },
);
