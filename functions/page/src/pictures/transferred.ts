/** The pictures in what was dropped or pasted: files, else a link. */
import { type Picture, pictureOfLink } from "./picture.ts";

export function transferredPictures(transfer: DataTransfer | null): Picture[] {
  if (transfer === null) return [];
  const files = [...transfer.files].map((file): Picture => ({ name: file.name, file }));
  if (files.length > 0) return files;
  // A list of links may have comments (RFC 2483).
  const links = (transfer.getData("text/uri-list") || transfer.getData("text/plain")).split(/\r?\n/);
  return links.filter((line) => !line.startsWith("#")).flatMap((line) => pictureOfLink(line) ?? []);
}
