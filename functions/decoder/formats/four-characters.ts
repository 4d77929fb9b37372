/** Reads the type of a box or chunk. It builds no list, because a file may have millions of them. */
export function fourCharacters(file: DataView, at: number): string {
  return String.fromCharCode(
    file.getUint8(at),
    file.getUint8(at + 1),
    file.getUint8(at + 2),
    file.getUint8(at + 3),
  );
}
