/** From what is asked for to something that can be asked. */
import type { Clock } from '../../clock.ts'
import type { ServerConfig } from '../../config/index.ts'
import type { Log } from '../../log.ts'
import { loadLocal, WrongUsage } from '../../predict/index.ts'
import type { Shape } from '../../tensor/index.ts'
import { seeded } from '../arrivals/random.ts'
import type { Address } from './address.ts'
import { readDataFile, rowsOf } from './data-file.ts'
import { describeModel, describeServer, onlyModel } from './describe-server.ts'
import type { Driver, HttpForm, Protocol } from './driver.ts'
import { openHttpDriver } from './http-driver.ts'
import { inProcessDriver } from './in-process-driver.ts'
import { oipPath } from './oip-answer.ts'
import { oipBinaryForm } from './oip-binary-form.ts'
import { oipJsonForm } from './oip-json-form.ts'
import { plainForm } from './plain-form.ts'
import type { ModelDescription, Question } from './question.ts'
import { syntheticInputs } from './synthetic.ts'

export interface TargetOptions {
  readonly address: Address
  /** The best that the server speaks, where it is left out. */
  readonly protocol: Protocol | undefined
  readonly headers: readonly (readonly [string, string])[]
  readonly rows: number
  readonly shapes: ReadonlyMap<string, Shape>
  readonly seed: number
  /** The text of a file with a JSON body a line; data is made where it is left out. */
  readonly data: string | undefined
  /** The most requests in flight. */
  readonly connections: number
  /** Whether answers are looked at. */
  readonly check: boolean
  /** For a model on disk. */
  readonly local: { readonly onnx: ServerConfig['onnx']; readonly executors: number }
  readonly clock: Clock
  readonly log: Log
}

export interface OpenTarget {
  readonly driver: Driver
  readonly questions: readonly Question[]
  readonly model: string
  readonly version: string | undefined
  /** `sluice 0.1.0`, as the server says it. */
  readonly server: string | undefined
}

/** Fails with WrongUsage, TargetFailed, or a ServingError where a model on disk does not load. */
export function openTarget(options: TargetOptions): Promise<OpenTarget> {
  return options.address.kind === 'disk' ? openOnDisk(options) : openServer(options)
}

async function openOnDisk(options: TargetOptions): Promise<OpenTarget> {
  const { address, protocol, local, connections, clock, log } = options
  if (address.kind !== 'disk') throw new Error('not on disk')
  if (protocol !== undefined && protocol !== 'in-process') {
    throw new WrongUsage(
      `--protocol ${protocol} needs a server, and ${address.path} is asked in this process`,
      'start one with sluice serve, and give its address',
    )
  }
  const loaded = await loadLocal({
    path: address.path,
    model: address.model,
    onnx: local.onnx,
    executors: local.executors,
    maxWaiting: connections,
    clock,
    log,
  })
  try {
    const { name, version, signature } = loaded.served
    const model = { name, version, inputs: signature.inputs }
    const questions = questionsOf(options, model, 'in-process')
    const driver = inProcessDriver(loaded, questions)
    return { driver, questions, model: name, version, server: undefined }
  } catch (thrown) {
    await loaded.close()
    throw thrown
  }
}

async function openServer(options: TargetOptions): Promise<OpenTarget> {
  const { address, headers, connections, check } = options
  if (address.kind !== 'server') throw new Error('no server')
  const { base, version } = address
  const server = await describeServer(base, headers)
  const protocol = options.protocol ?? bestProtocol(server?.extensions)
  if (protocol === 'in-process') {
    throw new WrongUsage('--protocol in-process is for a model on disk', 'give its path as TARGET')
  }
  if (server === undefined && (protocol !== 'json' || options.data === undefined)) {
    throw new WrongUsage(
      `the server at ${base} does not speak the Open Inference Protocol: /v2 tells nothing`,
      'Sluice, Triton, KServe and MLServer do; for a plain API without it: --protocol json --data FILE',
    )
  }
  const name = address.model ?? (server === undefined ? undefined : await onlyModel(base, headers))
  const model: ModelDescription =
    server === undefined || name === undefined
      ? { name: name ?? '', version, inputs: [] }
      : await describeModel(base, name, version, headers)
  const questions = questionsOf(options, model, protocol)
  const driver = await openHttpDriver({
    base,
    form: formOf(protocol, name, version),
    questions,
    headers,
    connections,
    keepAnswers: check,
    statisticsPath: `${oipPath(model.name, version)}/stats`,
  })
  const told = server === undefined ? undefined : `${server.name} ${server.version}`.trim()
  return { driver, questions, model: model.name, version, server: told }
}

function bestProtocol(extensions: readonly string[] | undefined): Protocol {
  if (extensions === undefined) return 'json'
  return extensions.includes('binary_tensor_data') ? 'oip-binary' : 'oip-json'
}

function formOf(
  protocol: Exclude<Protocol, 'in-process'>,
  name: string | undefined,
  version: string | undefined,
): HttpForm {
  if (protocol === 'json') return plainForm(name, version)
  return protocol === 'oip-json' ? oipJsonForm(name!, version) : oipBinaryForm(name!, version)
}

/** A few that differ, so that a server cannot live on one. */
function questionsOf(
  { data, rows, shapes, seed }: TargetOptions,
  model: ModelDescription,
  protocol: Protocol,
): readonly Question[] {
  if (data !== undefined) return readDataFile(data, model, protocol)
  if (model.inputs.length === 0) {
    throw new WrongUsage(
      `the server does not tell what "${model.name}" takes`,
      'give requests by --data FILE',
    )
  }
  const known = new Set(model.inputs.map(({ name }) => name))
  const stranger = [...shapes.keys()].find((name) => !known.has(name))
  if (stranger !== undefined) {
    throw new WrongUsage(`--shape ${stranger}: the inputs are ${[...known].join(', ')}`)
  }
  const random = seeded(seed)
  return Array.from({ length: differentQuestions }, () => {
    const inputs = syntheticInputs(model.inputs, { rows, shapes, random })
    return { inputs, rows: rowsOf(inputs, model) }
  })
}

const differentQuestions = 16
