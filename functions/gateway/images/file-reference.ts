/** A picture of a request that is one of the account's files. */
export class FileReference {
  readonly id: string;

  constructor(id: string) {
    this.id = id;
  }
}
