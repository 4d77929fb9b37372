/** Exit code if some pictures were refused or left out. What the command was called for is done for the others. */
export const SOME_REFUSED = 3;
