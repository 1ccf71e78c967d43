/** The characters that JSON is built of, as their codes. */
export const quote = 0x22
export const openBracket = 0x5b
export const backslash = 0x5c
export const closeBracket = 0x5d
export const openBrace = 0x7b
export const closeBrace = 0x7d
