/** `npm run calibrate`: chooses thresholds from one's own pictures. See docs/thresholds.md. */
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { runCommand } from "../../build/command-line/command.ts";
import { printable } from "../../build/command-line/printable.ts";
import { UsageError } from "../../build/command-line/usage-error.ts";
import { wholeNumber } from "../../build/command-line/values.ts";
import { CACHE } from "../paths.ts";
import { pictureFiles } from "../service/picture-files.ts";
import { expectService } from "../service/patient-request.ts";
import { serviceAt, URL_OPTION } from "../service/service-option.ts";
import { SOME_REFUSED } from "../service/refused-request.ts";
import { labelledPictures } from "./labelled-pictures.ts";
import type { ScoredPicture } from "./metrics.ts";
import { CalibrationReport } from "./report.ts";
import { labelsOfSet, type Question, scorePictures } from "./score-pictures.ts";

await runCommand(
  {
    usage: "npm run calibrate -- <folder with a subfolder per label> [options]",
    about: `Classifies the pictures of a folder, whose subfolders are named after the labels, and suggests values for min_score,
min_similarity and the bias of none. The API key of the service is read from EDGECLIP_API_KEY. Exit code 3: some pictures
were left out, the report is of the others.`,
    words: ["<folder>"],
    options: {
      url: URL_OPTION,
      model: { type: "string", value: "<id>", about: "model, if not the service's first" },
      "label-set": {
        type: "string",
        value: "<id>",
        about: "stored label set to classify with; default: the subfolders' names as labels",
      },
      template: {
        type: "string",
        multiple: true,
        value: "<text>",
        about: "template with {}, may be repeated",
      },
      none: { type: "string", multiple: true, value: "<text>", about: "prompt for none, may be repeated" },
      others: { type: "string", value: "<folder>", about: "pictures that no label fits" },
      precision: {
        type: "string",
        value: "<percent>",
        default: "95",
        about: "least precision of what min_score keeps",
      },
      refused: {
        type: "string",
        value: "<percent>",
        default: "5",
        about: "most rightly predicted pictures that may lose their label",
      },
      out: {
        type: "string",
        value: "<folder>",
        default: join(CACHE, "calibrate"),
        about: "folder of the plots",
      },
    },
  },
  async (values, [folder = ""]) => {
    const percent = (name: "precision" | "refused"): number =>
      wholeNumber(`--${name}`, values[name], { least: 0, most: 100 }) / 100;
    const targets = { precision: percent("precision"), refused: percent("refused") };
    const service = serviceAt(values.url);
    const pictures = await labelledPictures(folder);
    const others = values.others === undefined ? undefined : await pictureFiles([values.others]);
    await expectService(service);
    const set = values["label-set"];
    const named = [...new Set(pictures.map(({ label }) => label))];
    const labels = set === undefined ? named : await labelsOfSet(service, set);
    const unknown = named.find((label) => !labels.includes(label));
    if (unknown !== undefined)
      throw new UsageError(`the label set has no label "${unknown}", a subfolder has`);
    const { model, template: templates, none } = values;
    const question: Question = { model, labels, labelSet: set, templates, none };
    let leftOut = 0;
    const warn = (file: string, message: string): void => {
      leftOut++;
      console.error(printable(`${file} is left out: ${message}`));
    };
    const scores = await scorePictures(
      pictures.map(({ file }) => file),
      question,
      service,
      warn,
    );
    const scored = scores.flatMap((each, index): ScoredPicture[] =>
      each === undefined ? [] : [{ ...each, own: labels.indexOf(pictures[index]?.label ?? "") }],
    );
    if (scored.length === 0) throw new Error("the service could read none of the pictures");
    const foreign = others && (await scorePictures(others, question, service, warn));
    const report = new CalibrationReport(
      scored,
      foreign?.filter((each) => each !== undefined),
      targets,
    );
    const out = resolve(values.out);
    await mkdir(out, { recursive: true });
    await report.writePlots(out);
    console.log(`${labels.length} labels, ${scored.length} pictures\n`);
    console.log(report.text());
    console.log(`\nplots: ${join(out, "thresholds.png")}, ${join(out, "none.png")}`);
    if (leftOut > 0) process.exitCode = SOME_REFUSED;
  },
);
