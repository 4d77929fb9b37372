/** A picture that the user chose: a file or a link. The server loads linked pictures; the page does not. */

export interface PictureFile {
  name: string;
  file: File;
  /** Where a program can download the same file, if such an address exists. */
  source?: string;
}

export interface PictureLink {
  name: string;
  link: string;
}

export type Picture = PictureFile | PictureLink;

const LONGEST_NAME = 60;

/** @param link typed or pasted text; undefined if it is not a link to a picture */
export function pictureOfLink(link: string): PictureLink | undefined {
  const text = link.trim();
  if (!/^(https?:\/\/|data:image\/)\S+$/i.test(text)) return undefined;
  return { name: text.length > LONGEST_NAME ? `${text.slice(0, LONGEST_NAME)}…` : text, link: text };
}

/** The pictures in dropped or pasted data: its files, or else its link. */
export function transferredPictures(transfer: DataTransfer | null): Picture[] {
  if (transfer === null) return [];
  const files = [...transfer.files].map((file): Picture => ({ name: file.name, file }));
  if (files.length > 0) return files;
  // A list of links may have comments (RFC 2483).
  const links = (transfer.getData("text/uri-list") || transfer.getData("text/plain")).split(/\r?\n/);
  return links.filter((line) => !line.startsWith("#")).flatMap((line) => pictureOfLink(line) ?? []);
}
