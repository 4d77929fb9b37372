/** Where pictures come in: dropped, pasted, chosen, linked, or one of the examples. Everything works by keyboard. */
import { make } from "./dom.ts";
import { type Picture, pictureOfFile, pictureOfLink } from "./picture.ts";

const EXAMPLES = ["fox", "police-car", "grapes", "harp", "rocket"];

interface Options {
  /** How many pictures it holds. */
  max: number;
  onChange(): void;
  /** Whether a paste anywhere on the page is meant for it. */
  isActive(): boolean;
}

export class PictureField {
  #pictures: Picture[] = [];
  readonly #options: Options;
  readonly #chosen = make("ul", { className: "chosen", ariaLabel: "Chosen pictures" });
  readonly #files: HTMLInputElement;
  readonly #link: HTMLInputElement;

  constructor(place: HTMLElement, options: Options) {
    this.#options = options;
    const { max } = options;
    this.#files = make("input", { type: "file", accept: "image/*", multiple: max > 1, hidden: true });
    this.#files.addEventListener("change", () => {
      this.#add([...(this.#files.files ?? [])].map((file) => pictureOfFile(file)));
      this.#files.value = "";
    });
    this.#link = make("input", { type: "url", placeholder: "https://…", inputMode: "url" });
    const use = make("button", { type: "button" }, "Use");
    use.addEventListener("click", () => this.#useLink());
    this.#link.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.#useLink();
    });
    place.append(
      this.#dropZone(max),
      this.#chosen,
      make("div", { className: "link" }, make("label", {}, "Link to a picture", this.#link), use),
      make(
        "div",
        { className: "examples" },
        make("span", { className: "quiet" }, "Examples"),
        ...this.#examples(),
      ),
    );
    document.addEventListener("paste", (event) => this.#paste(event));
  }

  get pictures(): readonly Picture[] {
    return this.#pictures;
  }

  #dropZone(max: number): HTMLButtonElement {
    const what = max > 1 ? `Up to ${max} pictures` : "A picture";
    const zone = make(
      "button",
      { type: "button", className: "drop" },
      make("strong", {}, `${what}: drop, paste or choose`),
      make("small", {}, "JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF, HEIC"),
    );
    zone.addEventListener("click", () => this.#files.click());
    zone.addEventListener("dragover", (event) => {
      event.preventDefault();
      zone.classList.add("over");
    });
    zone.addEventListener("dragleave", () => zone.classList.remove("over"));
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      zone.classList.remove("over");
      if (event.dataTransfer !== null) this.#take(event.dataTransfer);
    });
    zone.append(this.#files);
    return zone;
  }

  #examples(): HTMLButtonElement[] {
    return EXAMPLES.map((name) => {
      const path = `/examples/${name}.png`;
      const words = name.replaceAll("-", " ");
      const image = make("img", { src: path, alt: `Example: ${words}`, width: 40, height: 40 });
      const button = make("button", { type: "button", title: words }, image);
      button.addEventListener("click", () => {
        void fetch(path)
          .then((response) => response.blob())
          .then((blob) => this.#add([pictureOfFile(new File([blob], `${name}.png`, { type: blob.type }))]));
      });
      return button;
    });
  }

  #paste(event: ClipboardEvent): void {
    if (!this.#options.isActive() || event.clipboardData === null) return;
    const isTyping = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
    if (isTyping && event.clipboardData.files.length === 0) return;
    if (this.#take(event.clipboardData)) event.preventDefault();
  }

  /** @returns whether there was anything for us */
  #take(data: DataTransfer): boolean {
    const files = [...data.files].filter(({ type }) => type.startsWith("image/") || type === "");
    if (files.length > 0) {
      this.#add(files.map((file) => pictureOfFile(file)));
      return true;
    }
    const text = data.getData("text/plain").trim();
    if (!/^https?:\/\/\S+$/.test(text)) return false;
    this.#add([pictureOfLink(text)]);
    return true;
  }

  #useLink(): void {
    const url = this.#link.value.trim();
    if (url === "") return;
    this.#add([pictureOfLink(url)]);
    this.#link.value = "";
  }

  #add(pictures: Picture[]): void {
    const { max } = this.#options;
    this.#set([...(max === 1 ? [] : this.#pictures), ...pictures].slice(-max));
  }

  #set(pictures: Picture[]): void {
    for (const { preview } of this.#pictures.filter((each) => !pictures.includes(each))) {
      if (preview !== undefined) URL.revokeObjectURL(preview);
    }
    this.#pictures = pictures;
    this.#chosen.replaceChildren(...pictures.map((picture) => this.#item(picture)));
    this.#options.onChange();
  }

  #item(picture: Picture): HTMLLIElement {
    const { name, preview } = picture;
    const remove = make("button", { type: "button", ariaLabel: `Remove ${name}` }, "✕");
    remove.addEventListener("click", () => this.#set(this.#pictures.filter((each) => each !== picture)));
    const shown = preview === undefined ? [] : [make("img", { src: preview, alt: "" })];
    return make("li", {}, ...shown, make("span", {}, name), remove);
  }
}
