/** The version of this software; that of `package.json`. Models have revisions instead. */
export const VERSION = "0.2.0";
