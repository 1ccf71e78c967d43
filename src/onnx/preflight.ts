/**
 * What would stop a model from loading here, found before the runtime tries: its own words name
 * its source lines rather than a mend. One line a problem: what, expected, got, hint.
 */
import { isFieldSet } from '@bufbuild/protobuf'
import { byteLengthOf, elementType } from './element-type.ts'
import { checkExternal } from './external.ts'
import {
  ModelOutlineSchema,
  type NodeOutline,
  type TensorOutline,
} from './generated/onnx-outline_pb.ts'
import { type Parts, partsOf, tensorsOf } from './graph.ts'
import { externalPart, storedBytes } from './initializers.ts'
import { domainName, limits, shownDomain } from './limits.ts'
import type { OnnxModel } from './model.ts'

/** Empty when nothing is known to stop it. Looks at the files of external data. */
export const preflight = (model: OnnxModel): readonly string[] => problemsOf(model, partsOf(model))

export function problemsOf(model: OnnxModel, parts: Parts): readonly string[] {
  const tensors = tensorsOf(parts)
  const external = tensors.flatMap((tensor) => externalPart(tensor) ?? [])
  return [
    ...versionProblems(model),
    ...operatorProblems(model, parts),
    ...tensors.flatMap((tensor) => sizeProblem(tensor) ?? []),
    ...checkExternal(model.folder, external).problems,
  ]
}

function versionProblems({ proto }: OnnxModel): readonly string[] {
  const problems: string[] = []
  const { runtime } = limits
  if (!isFieldSet(proto, ModelOutlineSchema.field.irVersion)) {
    problems.push('the IR version is missing: expected a number, got none; export the model again')
  } else if (proto.irVersion > BigInt(limits.irVersion)) {
    problems.push(
      `IR version: expected at most ${limits.irVersion} for ${runtime}, got ${proto.irVersion}; ` +
        'export it with an older ONNX, or set model.ir_version',
    )
  }
  if (proto.opsetImport.length === 0) {
    problems.push('opsets: expected one for each domain, got none; export the model again')
  }
  for (const { domain, version } of proto.opsetImport) {
    const newest = limits.opsets.get(domain)
    if (newest === undefined || (version >= 1n && version <= BigInt(newest))) continue
    problems.push(
      `opset of ${shownDomain(domain)}: expected 1 to ${newest} for ${runtime}, got ${version}; ` +
        'export it with a lower target opset, or convert it with onnx.version_converter',
    )
  }
  return problems
}

/** Operators of domains that the runtime does not carry, one line a domain. */
function operatorProblems(model: OnnxModel, { nodes }: Parts): readonly string[] {
  const own = new Set(model.proto.functions.map(({ domain, name }) => `${domain}:${name}`))
  const custom = nodes.filter(
    (node) =>
      !limits.opsets.has(domainName(node.domain)) && !own.has(`${node.domain}:${node.opType}`),
  )
  return [...Map.groupBy(custom, ({ domain }) => domain)].map(
    ([domain, group]) =>
      `operators of ${domain}: expected those of ${limits.runtime}, got ${namesOf(group)}; ` +
      'custom operators need their library, or an export without them',
  )
}

function namesOf(nodes: readonly NodeOutline[]): string {
  const names = [...new Set(nodes.map(({ opType }) => opType))].sort()
  const shown = names.slice(0, 10).join(', ')
  return names.length > 10 ? `${shown} and ${names.length - 10} more` : shown
}

function sizeProblem(tensor: TensorOutline): string | undefined {
  const type = elementType(tensor.dataType)
  const elements = tensor.dims.reduce((product, size) => product * Number(size), 1)
  const needed = byteLengthOf(type, elements)
  const got = storedBytes(tensor) ?? externalPart(tensor)?.length
  if (needed === undefined || got === undefined || Number.isNaN(got) || got === needed) return
  return (
    `tensor "${tensor.name}": expected ${needed} bytes for ${type.name} [${tensor.dims.join(',')}], ` +
    `got ${got}; export the model again`
  )
}
