/** The characters that JSON's grammar is made of (RFC 8259, section 2), as bytes of UTF-8. */

export const QUOTE = 0x22;
export const BACKSLASH = 0x5c;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const OPEN_LIST = 0x5b;
export const CLOSE_LIST = 0x5d;
export const OPEN_OBJECT = 0x7b;
export const CLOSE_OBJECT = 0x7d;
/** After a backslash: four hexadecimal digits follow. */
export const LETTER_U = 0x75;
/** White space has this code or a lower one. */
export const SPACE = 0x20;
