/**
 * Asks before something stored is deleted, and says what is lost. The button that keeps it has the focus first, so that
 * Enter alone deletes nothing. A deletion that has begun cannot be taken back, so the dialog stays until its end is
 * known.
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
  /** The API's address of what is deleted. */
  path: string;
  /** Called when it is gone and the dialog is closed. */
  done: () => void;
}

export function confirmDeletion({ title, lost, path, done }: Deletion): void {
  const slot = make("div", { role: "alert" });
  let isDeleting = false;
  const erase = async (): Promise<void> => {
    if (isDeleting) return;
    slot.replaceChildren();
    show(true);
    try {
      await remove(path);
      dialog.close();
      done();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      slot.replaceChildren(problem(failureInWords(error)));
    } finally {
      show(false);
    }
  };
  const show = (deleting: boolean): void => {
    isDeleting = deleting;
    confirm.textContent = deleting ? "Deleting…" : "Delete";
    // Not `disabled`, because the button that has the focus would lose it.
    for (const answer of [keep, confirm]) answer.setAttribute("aria-disabled", String(deleting));
  };
  const close = (): void => {
    if (!isDeleting) dialog.close();
  };
  const keep = button("Keep", close, { autofocus: "" });
  const confirm = button("Delete", () => void erase(), { class: "danger" });
  const dialog = openDialog(
    { role: "alertdialog", "aria-labelledby": TITLE, "aria-describedby": LOST, class: "one question" },
    make("h2", { id: TITLE }, title),
    make("p", { id: LOST }, lost),
    slot,
    make("div", { class: "answers" }, keep, confirm),
  );
  const stay = (event: Event): void => {
    if (isDeleting) event.preventDefault();
  };
  dialog.addEventListener("cancel", stay);
  // Chromium lets `cancel` be prevented once; a second Escape would close the dialog.
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "Escape") stay(event);
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
