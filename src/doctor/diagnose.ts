/** Asks this machine, and gives each answer to its check. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { promisify } from 'node:util'
import { cpuQuota, memoryLimit } from '../cgroup.ts'
import type { Check } from './check.ts'
import { checkCores, checkMemory, checkOpenFiles } from './machine.ts'
import { checkLibc, checkNode } from './node.ts'
import { checkOnnxRuntime, type Library } from './onnx.ts'
import { checkPort, tryPort } from './ports.ts'
import { checkPython, type Interpreter } from './python.ts'

/** Every check, in the order they are shown. `library` is an ONNX Runtime other than the installed. */
export async function diagnose(library?: string): Promise<readonly Check[]> {
  const present = Math.max(cpus().length, availableParallelism())
  const [describeLibrary, interpreter, ...ports] = await Promise.all([
    libraryReader(),
    findPython(),
    ...defaultPorts.map(async ({ port, flag }) =>
      checkPort(port, flag, await tryPort(port, '127.0.0.1')),
    ),
  ])
  return [
    checkNode(process.version, requiredNode()),
    checkLibc(process.platform, glibcVersion()),
    checkCores(cpuQuota(), present),
    checkMemory(memoryLimit(), totalmem()),
    checkOpenFiles(readText('/proc/self/limits')),
    checkOnnxRuntime(() => describeLibrary(library)),
    checkPython(interpreter),
    ...ports,
  ]
}

const defaultPorts = [
  { port: 8000, flag: '--http-port' },
  { port: 8001, flag: '--grpc-port' },
  { port: 8002, flag: '--metrics-port' },
]

/** Loaded here, so that what keeps the runtime from loading is a finding and not a crash. */
async function libraryReader(): Promise<(path?: string) => Library> {
  try {
    const { describeLibrary } = await import('../runtime/onnx/index.ts')
    return describeLibrary
  } catch (thrown) {
    return () => {
      throw thrown
    }
  }
}

async function findPython(): Promise<Interpreter | undefined> {
  for (const command of ['python3', 'python']) {
    try {
      const { stdout } = await promisify(execFile)(command, ['--version'], { timeout: 5000 })
      return { command, says: stdout.trim() }
    } catch {
      // not there, or not a Python that starts: the next one may be
    }
  }
  return undefined
}

function glibcVersion(): string | undefined {
  // looking up names of network interfaces takes seconds where DNS is slow
  const report = Object.assign(process.report, { excludeNetwork: true })
  const { header } = report.getReport() as { header: { glibcVersionRuntime?: string } }
  return header.glibcVersionRuntime
}

function requiredNode(): string {
  const file = new URL('../../package.json', import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { engines: { node: string } }).engines.node
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
