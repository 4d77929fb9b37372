/** A picture that was chosen: a file of this machine, or a link that the server will follow. */

export interface Picture {
  name: string;
  source: { file: File } | { url: string };
  /** Where the browser shows it from; a link is not shown, for that would ask another origin. */
  preview: string | undefined;
}

export function pictureOfFile(file: File): Picture {
  return { name: file.name || "pasted picture", source: { file }, preview: URL.createObjectURL(file) };
}

export function pictureOfLink(url: string): Picture {
  return { name: url, source: { url }, preview: undefined };
}

/** As the API's JSON takes it. */
export async function imageReference({ source }: Picture): Promise<string> {
  if ("url" in source) return source.url;
  const reader = new FileReader();
  return await new Promise((resolve, reject) => {
    reader.addEventListener("load", () => resolve(reader.result as string));
    reader.addEventListener("error", () => reject(reader.error ?? new Error("the file cannot be read")));
    reader.readAsDataURL(source.file);
  });
}
