import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseModelConfig } from '../../config/index.ts'
import { Environment } from './environment.ts'
import { bundledLibraryPath } from './library-path.ts'
import { makeSessionOptions } from './session-options.ts'

describe('the options of a session', () => {
  it('leave a run to one thread, and runs to the threads of the server', () => {
    const told = toldBy('{}')
    assert.ok(told.includes('DisablePerSessionThreads'))
    assert.ok(told.includes('AddSessionConfigEntry session.intra_op.allow_spinning 0'))
    assert.deepEqual(
      told.filter((each) => /SetIntraOp|spin_duration/.test(each)),
      [],
    )
  })

  it('give a run all threads where it is to be over soon, which watch for a moment only', () => {
    const told = toldBy('onnx: {profile: latency}')
    assert.ok(!told.includes('DisablePerSessionThreads'))
    assert.ok(told.includes('SetIntraOpNumThreads 6'))
    assert.ok(told.includes('AddSessionConfigEntry session.intra_op.allow_spinning 1'))
    assert.ok(told.includes('AddSessionConfigEntry session.intra_op.spin_duration_us 100'))
  })

  it('are the same for both where there is one thread', () => {
    assert.deepEqual(toldBy('onnx: {profile: latency}', 1), toldBy('{}', 1))
  })

  it('take a number of threads and entries of the configuration as they are, whatever the profile', () => {
    const told = toldBy(
      'onnx: {profile: latency, intraOpThreads: 3, session: {session.intra_op.spin_duration_us: "5"}}',
    )
    assert.ok(told.includes('SetIntraOpNumThreads 3'))
    const durations = told.filter((each) => each.includes('spin_duration_us'))
    assert.match(durations.at(-1)!, / 5$/) // the last one counts
  })
})

/** What the library is told, as far as it is told in words and numbers. */
function toldBy(config: string, threads = 6): readonly string[] {
  const native = new Environment({ library: bundledLibraryPath(), threads: 1 })
  const told: string[] = []
  const api = new Proxy(native.api, {
    get:
      (functions, name: keyof typeof native.api) =>
      (...args: (bigint | string | number)[]) => {
        const said = args.filter((arg) => typeof arg === 'string' || typeof arg === 'number')
        told.push([name, ...said].join(' '))
        return (functions[name] as (...given: unknown[]) => unknown)(...args)
      },
  })
  const { onnx } = parseModelConfig(config, 'model.yaml')
  const { handle } = makeSessionOptions(Object.assign(native, { api }), onnx, threads)
  native.release('sessionOptions', handle)
  native.dispose()
  return told
}
