/** Classifies many pictures and shows them as a table, which can be stopped, continued and saved. */
import { call } from "../api/call.ts";
import { Failure } from "../api/failure.ts";
import { classification, classificationWithErrors, type Ranking } from "../api/types.ts";
import { type ApiRequest, requestInit } from "../api-request.ts";
import { button, make } from "../dom.ts";
import type { Outcome, Work } from "../outcome.ts";
import type { Picture } from "../pictures/chosen-picture.ts";
import { type Asking, askMany, AT_ONCE, rowFailure } from "./ask-many.ts";
import { csvOf, jsonLinesOf } from "./export-rows.ts";
import { type ClassifiedRow, resultTable } from "./result-table.ts";

/**
 * @param request with one of the pictures
 * @param count number of labels
 */
export function showMany(
  shown: Outcome,
  pictures: readonly Picture[],
  request: ApiRequest,
  count: number,
): Work {
  const rows: ClassifiedRow[] = pictures.map((picture) => ({ picture }));
  const table = resultTable(rows, request.fields["none"] !== undefined, (row) => ({
    count,
    fields: request.fields,
    all: async () => {
      const asked = { ...request, pictures: [row.picture], fields: { ...request.fields, top_k: count } };
      return (await call(request.path, classification, requestInit(asked))).body.data[0];
    },
  }));
  const bar = make("progress", { max: String(rows.length), value: "0", "aria-label": "Pictures classified" });
  const text = make("span", {});
  const actions = make("span", { class: "actions" });
  let stop = new AbortController();

  const done = (): number => rows.filter(({ answer }) => answer !== undefined).length;
  const show = (waiting = ""): void => {
    bar.value = done();
    text.textContent = `${done()} of ${rows.length}${waiting}`;
  };
  const saves = [
    button("CSV", () => save(csvOf(rows), "labels.csv", "text/csv")),
    button("JSON lines", () => save(jsonLinesOf(rows), "labels.jsonl", "application/jsonl")),
  ];
  const end = (): void => {
    const words = summary(rows);
    text.textContent = words;
    bar.hidden = done() === rows.length;
    actions.replaceChildren(...saves);
    shown.show("announcement", words);
  };
  const work: Work = {
    request: { ...request, pictures: pictures.slice(0, AT_ONCE) },
    ...(rows.length > AT_ONCE && { programTitle: "The first request as a program" }),
    keepsResult: true,
    run: async (signal) => {
      stop = new AbortController();
      bar.hidden = false;
      actions.replaceChildren(button("Stop", () => stop.abort()));
      show();
      shown.show("result", make("div", { class: "progress" }, bar, text, actions), table.element);
      shown.show("measurements");
      shown.bringIntoSight();
      const asking: Asking<Ranking> = {
        ask: async (some, ended) => {
          const fields = { ...request.fields, on_error: "report" };
          const init = { ...requestInit({ ...request, pictures: some, fields }), signal: ended };
          const { data } = (await call(request.path, classificationWithErrors, init)).body;
          return data.map((row) => ("error" in row ? rowFailure(row) : row));
        },
        answered: (some) => {
          some.forEach(table.update);
          show();
        },
        waits: (seconds) => show(seconds > 0 ? `; the server is busy, waiting ${seconds} s` : ""),
      };
      try {
        await askMany(rows, asking, AbortSignal.any([signal, stop.signal]));
        end();
      } catch (error) {
        signal.throwIfAborted();
        end();
        if (!stop.signal.aborted) throw error;
        const goOn = button("Go on", () => shown.start(work));
        actions.prepend(goOn);
        goOn.focus();
      }
    },
  };
  return work;
}

function summary(rows: readonly ClassifiedRow[]): string {
  const answers = rows.flatMap(({ answer }) => answer ?? []);
  const refused = answers.filter((answer) => answer instanceof Failure).length;
  const none = answers.filter((answer) => !(answer instanceof Failure) && answer.prediction === null).length;
  const parts = [
    answers.length < rows.length ? `${answers.length} of ${rows.length} pictures` : `${rows.length} pictures`,
    ...(none > 0 ? [`${none} without a label`] : []),
    ...(refused > 0 ? [`${refused} refused`] : []),
  ];
  return parts.join(", ");
}

function save(text: string, name: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
