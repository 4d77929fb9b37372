/**
 * Asks before something stored is deleted, and says what is lost. The button that keeps it has the focus first, so that
 * Enter alone deletes nothing.
 */
import { call } from "../api/call.ts";
import { Failure } from "../api/failure.ts";
import { deleted } from "../api/types.ts";
import { button, make } from "../dom.ts";
import { failureInWords } from "../failure-in-words.ts";
import { problem } from "../results/problem.ts";
import { openDialog } from "./open-dialog.ts";

const TITLE = "deletion-title";
const LOST = "deletion-lost";

export interface Deletion {
  /** The question. */
  title: string;
  /** What is lost, and what is not. */
  lost: string;
  /** Of what is deleted, in the API. */
  path: string;
  /** Called when it is gone and the dialog is closed. */
  done: () => void;
}

export function confirmDeletion({ title, lost, path, done }: Deletion): void {
  const slot = make("div", { role: "alert" });
  let isDeleting = false;
  const erase = async (): Promise<void> => {
    // The button is not disabled, because it would lose the focus.
    if (isDeleting) return;
    isDeleting = true;
    slot.replaceChildren();
    confirm.textContent = "Deleting…";
    try {
      await remove(path);
      dialog.close();
      done();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      slot.replaceChildren(problem(failureInWords(error)));
    } finally {
      isDeleting = false;
      confirm.textContent = "Delete";
    }
  };
  const keep = button("Keep", () => dialog.close(), { autofocus: "" });
  const confirm = button("Delete", () => void erase(), { class: "danger" });
  const dialog = openDialog(
    { role: "alertdialog", "aria-labelledby": TITLE, "aria-describedby": LOST, class: "one question" },
    make("h2", { id: TITLE }, title),
    make("p", { id: LOST }, lost),
    slot,
    make("div", { class: "answers" }, keep, confirm),
  );
  dialog.addEventListener("cancel", (event) => {
    if (isDeleting) event.preventDefault();
  });
}

/** @throws Failure */
async function remove(path: string): Promise<void> {
  try {
    await call(path, deleted, { method: "DELETE" });
  } catch (error) {
    // It is gone already, by an attempt whose answer was lost, or by somebody else.
    const isGone = error instanceof Failure && GONE.has(error.refusal?.code ?? "");
    if (!isGone) throw error;
  }
}

const GONE: ReadonlySet<string> = new Set(["label_set_not_found", "vector_store_not_found"]);
