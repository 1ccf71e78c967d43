/**
 * Text from files and servers, safe to show: control characters could take over the terminal, and
 * characters that turn the direction of writing could hide what is said. Line ends stay.
 */
export const printable = (text: string): string =>
  text.replace(/[^\P{C}\n]|[\u2028\u2029]/gu, (character) => {
    const code = character.codePointAt(0)!.toString(16)
    return `\\u${code.length > 4 ? `{${code}}` : code.padStart(4, '0')}`
  })
