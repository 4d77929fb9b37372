/** A picture that somebody chose: a file, or the link to one, which the server follows and the page does not. */

export interface PictureFile {
  name: string;
  file: File;
  /** Where a program can get the same file, if anywhere. */
  source?: string;
}

export interface PictureLink {
  name: string;
  link: string;
}

export type Picture = PictureFile | PictureLink;

const LONGEST_NAME = 60;

/** @param link what was typed or pasted; undefined if it is no link to a picture */
export function pictureOfLink(link: string): PictureLink | undefined {
  const text = link.trim();
  if (!/^(https?:\/\/|data:image\/)\S+$/i.test(text)) return undefined;
  return { name: text.length > LONGEST_NAME ? `${text.slice(0, LONGEST_NAME)}…` : text, link: text };
}

/** The pictures in what was dropped or pasted: files, else a link. */
export function transferredPictures(transfer: DataTransfer | null): Picture[] {
  if (transfer === null) return [];
  const files = [...transfer.files].map((file): Picture => ({ name: file.name, file }));
  if (files.length > 0) return files;
  // A list of links may have comments (RFC 2483).
  const links = (transfer.getData("text/uri-list") || transfer.getData("text/plain")).split(/\r?\n/);
  return links.filter((line) => !line.startsWith("#")).flatMap((line) => pictureOfLink(line) ?? []);
}
