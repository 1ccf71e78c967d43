/**
 * A process that keeps one core busy for as long as it is told to: a line with milliseconds on
 * stdin, a line on stdout when they are over.
 */
import { createInterface } from 'node:readline'

for await (const line of createInterface({ input: process.stdin })) {
  const end = performance.now() + Number(line)
  while (performance.now() < end);
  console.log('1')
}
