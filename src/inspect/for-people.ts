/** What is found out of one model, as text: one fact a line. */
import type { ExternalFile } from '../onnx/index.ts'
import type { Joining } from '../scheduler/index.ts'
import type { Constraints, InputSpec, Signature, TensorSpec } from '../signature.ts'
import { byteSize } from './byte-size.ts'
import type { Inspection } from './inspect.ts'
import type { RuntimeSupport, Told, VersionInspection } from './inspect-version.ts'

/** Everything but the verdict. */
export function detailsOf(inspection: Inspection): string {
  const { wanted, layout, versions, labels, notes } = inspection
  const [only] = wanted
  const ofVersions = wanted.length === 1 ? versionRows(only!) : wanted.flatMap(versionBlock)
  const named = Object.entries(labels).map(([label, version]) => `${label} is version ${version}`)
  const rows: readonly Row[] = [
    ...ofVersions,
    ['layout', layout],
    ...(versions.length > wanted.length ? block('versions', wrapped(versions)) : []),
    ...block('labels', named),
    ...block('notes', notes),
  ]
  const width = Math.max(0, ...rows.map(([label]) => label.length))
  return rows
    .map(([label, value]) => `  ${label.padEnd(width)}  ${value}`.trimEnd().concat('\n'))
    .join('')
}

/** What a line is of, empty where it goes on, and what it says. */
type Row = readonly [label: string, value: string]

/** With a heading, where there are several. */
const versionBlock = (inspected: VersionInspection): readonly Row[] => [
  [`version ${inspected.version}`, ''],
  ...versionRows(inspected),
]

const versionRows = (inspected: VersionInspection): readonly Row[] => {
  const { path, description, supported, joining } = inspected
  return [
    ...(path === undefined ? [] : block('file', [path])),
    ...(description === undefined ? [] : describedRows(description, supported)),
    ...(joining === undefined ? [] : block('batching', [joiningLine(joining)])),
  ]
}

function describedRows(description: Told, supported?: RuntimeSupport): readonly Row[] {
  const { producer, signature, memory } = description
  const upTo = (newest: number | undefined) =>
    newest === undefined ? 'unknown to the runtime' : `up to ${newest}`
  const opsets = Object.entries(description.opsets).map(
    ([domain, version]) => `${domain} ${version} (${upTo(supported?.opsets[domain])})`,
  )
  return [
    ['size', byteSize(description.fileBytes)],
    ['runtime', `${supported?.runtime}`],
    ['IR version', `${description.irVersion} (${upTo(supported?.irVersion)})`],
    ...block('opsets', opsets),
    ['producer', producer === undefined ? 'not told' : `${producer.name} ${producer.version}`],
    ...block('documentation', description.documentation?.split('\n').slice(0, 5) ?? []),
    ...block('inputs', signature?.inputs.flatMap(inputLines) ?? []),
    ...block('outputs', signature?.outputs.map(tensorLine) ?? []),
    ['task', signature === undefined ? 'unknown' : taskLine(signature)],
    ['parameters', parametersLine(description)],
    ...block('external data', externalLines(description.externalFiles)),
    ...block('operators', operatorLines(description.operators)),
    ['memory', `${byteSize(memory.low)} to ${byteSize(memory.high)} when loaded, estimated`],
  ]
}

function block(label: string, lines: readonly string[]): readonly Row[] {
  return lines.map((line, at) => [at === 0 ? label : '', line])
}

function inputLines(spec: InputSpec): readonly string[] {
  const optional = spec.optional === true ? ', may be left out' : ''
  const limits = spec.constraints === undefined ? [] : limitsOf(spec.constraints)
  return [`${tensorLine(spec)}${optional}`, ...limits.map((limit) => `  ${limit}`)]
}

function tensorLine({ name, datatype, shape, axes }: TensorSpec): string {
  const sizes = shape.map((size, at) => {
    const axis = axes?.[at]
    if (axis === undefined) return size
    return size === -1 ? axis : `${axis}=${size}`
  })
  return `${name}  ${datatype} [${sizes.join(',')}]`
}

function limitsOf(constraints: Constraints): readonly string[] {
  const { fields, minimum, maximum, allowed, minimumLength, maximumLength } = constraints
  return [
    ...(fields === undefined ? [] : [`fields ${some(fields)}`]),
    ...(minimum === undefined ? [] : [`at least ${minimum}`]),
    ...(maximum === undefined ? [] : [`at most ${maximum}`]),
    ...(allowed === undefined ? [] : [`one of ${some(allowed)}`]),
    ...(minimumLength === undefined ? [] : [`at least ${minimumLength} bytes each`]),
    ...(maximumLength === undefined ? [] : [`at most ${maximumLength} bytes each`]),
    ...(constraints.nonFinite === 'refuse' ? ['no NaN, no infinities'] : []),
  ]
}

function taskLine({ task, streams }: Signature): string {
  if (streams === true) return 'any number of answers'
  if (task === undefined) return 'none that its outputs tell: they are answered as they are'
  if (task.kind === 'regressor') return `regressor: a number a row from "${task.output}"`
  if (task.labels === undefined) return 'classifier, its labels are not told'
  return `classifier of ${task.labels.length}: ${some(task.labels)}`
}

function joiningLine(joining: Joining): string {
  switch (joining.kind) {
    case 'declared':
      return 'requests are joined, as its configuration says'
    case 'to-be-shown':
      return 'requests are joined where a trial shows that to be right, when it is loaded'
    case 'off':
      return `requests run apart: ${joining.why}`
  }
}

function parametersLine({ parameters: { count, bytes }, operators }: Told): string {
  if (count > 0) return `${count} in ${byteSize(bytes)}`
  return operators['ai.onnx.ml'] === undefined
    ? 'none'
    : 'none counted: those of classical models lie in attributes'
}

const externalLines = (files: readonly ExternalFile[]): readonly string[] =>
  files.length === 0
    ? ['none']
    : files.map(({ location, bytes }) => `${location}  ${byteSize(bytes)}`)

function operatorLines(operators: Told['operators']): readonly string[] {
  const lines = Object.entries(operators).map(([domain, counts]) => {
    const names = Object.entries(counts).map(([operator, count]) => `${operator} ${count}`)
    return `${domain}: ${names.join(', ')}`
  })
  return lines.length === 0 ? ['none'] : lines
}

/** A few on each line. */
function wrapped(versions: readonly string[]): readonly string[] {
  const lines = Array.from({ length: Math.ceil(versions.length / most) }, (_, at) =>
    versions.slice(at * most, (at + 1) * most).join(', '),
  )
  return lines.length > most ? [...lines.slice(0, most), '…'] : lines
}

function some(values: readonly unknown[]): string {
  const shown = values.slice(0, most).join(', ')
  return values.length > most ? `${shown} and ${values.length - most} more` : shown
}

const most = 12
