/** Names of classes, from the file that an output names. */
import { fail } from '../../errors.ts'
import { staysInside } from './stays-inside.ts'
import type { TritonConfig } from './triton-config.ts'

/** One a line. Of several outputs with such a file none can be called the classes of the model. */
export function labelsOf(
  { output }: TritonConfig,
  readText: (relativePath: string) => string,
): { readonly labels?: readonly string[]; readonly warnings: readonly string[] } {
  const labelled = output.filter(({ labelFilename }) => labelFilename !== '')
  const files = labelled.map(({ name, labelFilename }) => linesOf(name, labelFilename, readText))
  const [labels = []] = files
  if (files.length > 1) {
    const names = labelled.map(({ name }) => `"${name}"`).join(', ')
    return { warnings: [`label_filename of several outputs (${names}) has no effect yet`] }
  }
  return labels.length === 0 ? { warnings: [] } : { labels, warnings: [] }
}

function linesOf(
  output: string,
  filename: string,
  readText: (relativePath: string) => string,
): readonly string[] {
  const unusable = (why: string, cause?: unknown) =>
    fail(
      'MODEL_UNSUPPORTED',
      { problem: `label_filename "${filename}" of output "${output}" ${why}` },
      cause,
    )
  if (!staysInside(filename)) throw unusable("leaves the model's folder")
  try {
    const lines = readText(filename).split(/\r?\n/)
    return lines.at(-1) === '' ? lines.slice(0, -1) : lines
  } catch (thrown) {
    throw unusable('cannot be read', thrown)
  }
}
