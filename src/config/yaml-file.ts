/** A YAML file as a plain value that remembers on which line each key stands. */
import {
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
} from 'yaml'
import { ConfigError } from './problem.ts'

export interface YamlFile {
  /** An empty file is an empty object. */
  readonly value: unknown
  /** The line of a key or an item, from 1; of the nearest one above where it is not there itself. */
  lineOf(path: readonly PropertyKey[]): number | undefined
}

/** Reads the text of a file, whose name is for messages. Fails with a ConfigError. */
export function readYaml(text: string, name: string): YamlFile {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  if (document.errors.length > 0) {
    throw new ConfigError(
      document.errors.map((error) => ({
        where: `${name}:${lines.linePos(error.pos[0]).line}`,
        message: `this is not valid YAML: ${error.message}`,
      })),
    )
  }
  const strange = strangeKeys(document.contents)
  if (strange.length > 0) {
    throw new ConfigError(
      strange.map((key) => ({
        where: `${name}:${lines.linePos(key.range?.[0] ?? 0).line}`,
        message: 'a key must be a text, got a list, keys or an alias in its place',
      })),
    )
  }
  return {
    value: toValue(name, () => document.toJS()),
    lineOf(path) {
      const offset = offsetOf(document.contents, path)
      return offset === undefined ? undefined : lines.linePos(offset).line
    },
  }
}

/**
 * Keys that are no scalars. They mean nothing here, and as text, which they would become, each one
 * within another doubles its length.
 */
function strangeKeys(root: unknown): readonly Node[] {
  const strange: Node[] = []
  const waiting: unknown[] = [root]
  while (waiting.length > 0) {
    const node = waiting.pop()
    if (isCollection(node)) waiting.push(...node.items)
    else if (isPair(node)) {
      if (node.key !== null && !isScalar(node.key)) strange.push(node.key as Node)
      waiting.push(node.value)
    }
  }
  return strange
}

function toValue(name: string, read: () => unknown): unknown {
  let value: unknown
  try {
    value = read() ?? {}
  } catch (thrown) {
    // an alias of what is not there, or too many of them
    const problem = thrown instanceof Error ? thrown.message : String(thrown)
    throw new ConfigError([{ where: name, message: `this is not valid YAML: ${problem}` }])
  }
  if (!endsSomewhere(value)) {
    throw new ConfigError([{ where: name, message: 'an alias lies within what it stands for' }])
  }
  return value
}

/** Whether it can be written out, and so be shown in a message: nothing in it holds itself. */
function endsSomewhere(value: unknown): boolean {
  try {
    JSON.stringify(value)
    return true
  } catch {
    return false
  }
}

function offsetOf(root: unknown, path: readonly PropertyKey[]): number | undefined {
  let node = root
  let offset: number | undefined
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && String(item.key) === String(key))
      if (pair === undefined) break
      offset = (pair.key as Node).range?.[0] ?? offset
      node = pair.value
    } else if (isSeq(node)) {
      node = node.items[Number(key)]
      offset = (node as Node | undefined)?.range?.[0] ?? offset
    } else break
  }
  return offset
}
