/** One line on a terminal that says what goes on, and is gone when it is over. */
export interface Progress {
  say(text: string): void
  end(): void
}

/** Says nothing where nobody looks. */
export function progressOn(stream: NodeJS.WriteStream): Progress {
  if (!stream.isTTY) return { say() {}, end() {} }
  const width = Math.max(10, (stream.columns || 80) - 1)
  return {
    say: (text) => stream.write(`\r\x1b[K${text.slice(0, width)}`),
    end: () => stream.write('\r\x1b[K'),
  }
}
