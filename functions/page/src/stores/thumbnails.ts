/**
 * Pictures of a vector store, which are files of the account. They are loaded with the key, so by the script and not by
 * the page's HTML; a few at once, when they come into sight, and once.
 */
import { load } from "../api/call.ts";
import { make } from "../dom.ts";
import { patiently } from "../many/ask-many.ts";

const AT_ONCE = 4;
/** Bytes of pictures that are kept; more than a screen of photographs. */
const MAX_KEPT = 100e6;

/** By the file's id, the one that was used last at the end. */
const kept = new Map<string, Blob>();
const waiting: (() => Promise<void>)[] = [];
let running = 0;

const sight = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    sight.unobserve(target);
    waiting.push(() => fill(target as HTMLElement));
    void work();
  }
});

/** A picture that somebody just added need not be loaded. */
export function keepThumbnail(id: string, file: Blob): void {
  kept.delete(id);
  kept.set(id, file);
  let bytes = [...kept.values()].reduce((sum, { size }) => sum + size, 0);
  for (const [oldest, { size }] of kept) {
    if (bytes <= MAX_KEPT || oldest === id) break;
    kept.delete(oldest);
    bytes -= size;
  }
}

/** @returns an element that the picture comes into */
export function thumbnail(id: string): HTMLElement {
  const element = make("span", { class: "placeholder", "data-file-id": id });
  sight.observe(element);
  return element;
}

/** Elements that went away before their turn are left out. */
async function work(): Promise<void> {
  if (running === AT_ONCE) return;
  running++;
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await next();
  running--;
}

async function fill(element: HTMLElement): Promise<void> {
  const id = element.dataset["fileId"] ?? "";
  if (!element.isConnected) return;
  try {
    const blob = kept.get(id) ?? (await fetchFile(id));
    keepThumbnail(id, blob);
    const url = URL.createObjectURL(blob);
    const image = make("img", { src: url, alt: "" });
    const done = (): void => URL.revokeObjectURL(url);
    image.addEventListener("load", done, { once: true });
    image.addEventListener("error", () => {
      done();
      image.replaceWith(noPicture());
    });
    element.replaceWith(image);
  } catch {
    element.replaceWith(noPicture());
  }
}

/** @throws Failure */
async function fetchFile(id: string): Promise<Blob> {
  const { signal } = new AbortController();
  return await patiently(
    () => load(`/v1/files/${id}/content`),
    () => {},
    signal,
  );
}

/** Stands for a vector without a picture, a file that was deleted, or a format that the browser cannot show. */
function noPicture(): HTMLElement {
  return make("span", { class: "placeholder" }, make("span", {}, "file"));
}
