import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { newNode, outerPath, predictIris, root, startServer } from './running.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-package-'))
const sluice = join(folder, 'bin', 'sluice')
const installed = join(folder, 'lib', 'node_modules', 'sluice')
const env = environment([newNode, ...outerPath])

before(() => {
  const [{ filename }] = JSON.parse(
    run('npm', ['pack', '--json', '--loglevel=error', '--pack-destination', folder]).stdout,
  ) as [{ readonly filename: string }]
  // Without their install scripts, as the README says: the libraries are inside the packages, and
  // onnxruntime-node's script would fetch others for GPUs.
  const options = ['--global', '--prefix', folder, '--ignore-scripts', '--prefer-offline']
  run('npm', ['install', ...options, '--no-audit', '--no-fund', join(folder, filename)])
})

after(() => rmSync(folder, { recursive: true, force: true }))

test('the package has what it needs and nothing of the workshop', () => {
  for (const part of [
    'bin/sluice.mjs',
    'dist/main.js',
    'dist/main.d.ts',
    'LICENSE',
    'CHANGELOG.md',
  ]) {
    assert.ok(existsSync(join(installed, part)), part)
  }
  for (const part of ['src', 'test', 'scripts', 'examples', 'node_modules/typescript']) {
    assert.ok(!existsSync(join(installed, part)), part)
  }
})

test('the installed command tells its version', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly version: string
  }
  assert.equal(run(sluice, ['--version']).stdout.trim(), version)
})

test('the installed command serves a model file and ends when it is asked to', {
  timeout: 60_000,
}, async () => {
  // The file alone, without the model.yaml that names its classes.
  const model = join(folder, 'iris.onnx')
  copyFileSync(join(root, 'examples/models/iris/model.onnx'), model)
  const ports = ['--http-port', '0', '--metrics-port', 'off']
  const server = await startServer(sluice, ['serve', model, ...ports], env, folder)
  try {
    assert.equal(await predictIris(server.url), 2)
  } finally {
    server.child.kill('SIGTERM')
  }
  const { code, errors } = await server.end()
  assert.equal(code, 0, errors)
})

test('an older Node gets one clear line', (t) => {
  const old = environment(outerPath)
  const version = spawnSync('node', ['-p', 'process.versions.node'], { env: old, encoding: 'utf8' })
  const [major, minor] = (version.stdout ?? '').trim().split('.').map(Number)
  if (major === undefined || major > 22 || (major === 22 && Number(minor) >= 18)) {
    t.skip('the machine has no older Node')
    return
  }
  const { status, stdout, stderr } = spawnSync(sluice, ['--version'], {
    env: old,
    encoding: 'utf8',
  })
  assert.equal(status, 2)
  assert.equal(stdout, '')
  assert.match(stderr, /^sluice needs Node 22\.18 or newer, this is \d+\.\d+\.\d+: .+\n$/)
  assert.ok(stderr.includes(`this is ${version.stdout.trim()}:`))
})

/** An environment as a user has it, without what npm tells its own scripts. */
function environment(path: readonly string[]): NodeJS.ProcessEnv {
  const foreign = /^(npm_|NODE_|SLUICE_|INIT_CWD$)/
  const kept = Object.entries(process.env).filter(([name]) => !foreign.test(name))
  return { ...Object.fromEntries(kept), PATH: path.join(':') }
}

function run(command: string, args: readonly string[]) {
  const result = spawnSync(command, args, { cwd: root, env, encoding: 'utf8' })
  assert.equal(result.status, 0, `${command} ${args.join(' ')}\n${result.stdout}${result.stderr}`)
  return result
}
