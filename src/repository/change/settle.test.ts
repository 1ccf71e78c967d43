import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { defaultModelConfig } from '../../config/index.ts'
import { fail, ServingError } from '../../errors.ts'
import type { FoundModel, ModelSpec, VersionSpec } from '../../model-spec.ts'
import type { Scan } from '../source.ts'
import { type Settled, type Settling, settle } from './settle.ts'

const WALL = 1_700_000_000_000

/** A server that scans when it is told to. */
class Server {
  #state: Settling | undefined
  #nowMs = 0
  last: Settled | undefined

  /** After so long it finds this. */
  scan(afterMs: number, models: readonly FoundModel[], ...lost: string[]): readonly string[] {
    return this.slowScan(afterMs, 0, models, ...lost)
  }

  /** The same, by a scan that takes a while. */
  slowScan(
    afterMs: number,
    takesMs: number,
    models: readonly FoundModel[],
    ...lost: string[]
  ): readonly string[] {
    const beganMs = this.#nowMs + afterMs
    this.#nowMs = beganMs + takesMs
    const scan: Scan = { models, lost: lost.map((root) => ({ root, why: 'gone' })) }
    this.last = settle(this.#state, scan, {
      beganMs,
      endedMs: this.#nowMs,
      wallMs: WALL + beganMs,
    })
    this.#state = this.last.state
    return this.last.models.map(told)
  }

  get again(): number | undefined {
    return this.last?.lookAgainInMs
  }
}

/** `m 1a 2b` for versions 1 and 2 with fingerprints a and b. */
function told({ name, spec }: FoundModel): string {
  if (spec instanceof ServingError) return `${name}: ${spec.message}`
  return [
    name,
    ...spec.versions.map(({ version, fingerprint }) => `${version}${fingerprint}`),
  ].join(' ')
}

interface Made extends Partial<Omit<ModelSpec, 'versions'>> {
  readonly root?: string
  readonly sealed?: boolean
  readonly changedAt?: number
}

/** The same notation: `made('m 1a 2b')`. */
function made(
  text: string,
  { root = '/r', sealed = false, changedAt, ...more }: Made = {},
): FoundModel {
  const [name, ...versions] = text.split(' ') as [string, ...string[]]
  const spec: ModelSpec = {
    name,
    folder: `${root}/${name}`,
    config: defaultModelConfig,
    warnings: [],
    versions: versions.map(
      (one): VersionSpec => ({
        version: one.slice(0, -1),
        fingerprint: one.slice(-1),
        path: `${root}/${name}/${one.slice(0, -1)}/model.onnx`,
        sealed,
        ...(changedAt !== undefined && { changedAt }),
      }),
    ),
    ...more,
  }
  return { name, root, spec }
}

const broken = (name: string, problem: string): FoundModel => ({
  name,
  root: '/r',
  spec: fail('MODEL_UNREADABLE', { problem }),
})

/** One that has found nothing yet, and so is past its first scan. */
function started(...models: FoundModel[]): Server {
  const server = new Server()
  server.scan(0, models)
  server.scan(5_000, models)
  assert.equal(server.again, undefined)
  return server
}

describe('a model that is new', () => {
  it('is acted on when it was seen unchanged for two seconds', () => {
    const server = started()
    assert.deepEqual(server.scan(1_000, [made('m 1a')]), [])
    assert.equal(server.again, 2_000)
    assert.deepEqual(server.scan(1_500, [made('m 1a')]), [])
    assert.equal(server.again, 500)
    assert.deepEqual(server.scan(500, [made('m 1a')]), ['m 1a'])
    assert.equal(server.again, undefined)
  })

  it('is seen twice, however far the scans are apart', () => {
    const server = started()
    assert.deepEqual(server.scan(60_000, [made('m 1a')]), [])
    assert.deepEqual(server.scan(60_000, [made('m 1a')]), ['m 1a'])
  })

  it('is waited for from the end of one scan to the beginning of another', () => {
    const server = started()
    server.slowScan(1_000, 1_500, [made('m 1a')])
    assert.equal(server.again, 2_000)
    assert.deepEqual(server.slowScan(1_999, 1_500, [made('m 1a')]), [])
    assert.equal(server.again, 0)
    assert.deepEqual(server.scan(0, [made('m 1a')]), ['m 1a'])
  })

  it('is waited for as long as it changes', () => {
    const server = started()
    for (const fingerprint of ['a', 'b', 'c', 'd']) {
      assert.deepEqual(server.scan(2_000, [made(`m 1${fingerprint}`)]), [])
      assert.equal(server.again, 2_000)
    }
    assert.deepEqual(server.scan(1_999, [made('m 1d')]), [])
    assert.deepEqual(server.scan(1, [made('m 1d')]), ['m 1d'])
  })

  it('is seen twice, however old its files are said to be', () => {
    const server = started()
    const model = made('m 1a', { changedAt: WALL - 9e9, configChangedAt: WALL - 9e9 })
    assert.deepEqual(server.scan(1_000, [model]), [])
    assert.deepEqual(server.scan(2_000, [model]), ['m 1a'])
  })

  it('is acted on at once where it is sealed', () => {
    const server = started()
    assert.deepEqual(server.scan(1_000, [made('m 1a', { sealed: true })]), ['m 1a'])
    assert.equal(server.again, undefined)
  })

  it('is not, although its versions are sealed, where what configures it was just written', () => {
    const server = started()
    const configChangedAt = WALL + 5_500
    const model = made('m 1a', { sealed: true, configChangedAt })
    assert.deepEqual(server.scan(1_000, [model]), [])
    assert.deepEqual(server.scan(2_000, [model]), ['m 1a'])
    const old = made('n 1a', { sealed: true, configChangedAt })
    assert.deepEqual(server.scan(0, [model, old]), ['m 1a', 'n 1a'])
  })

  it('that has no version yet, or cannot be served, is told once it stands', () => {
    const server = started()
    const models = [made('empty'), broken('wrong', 'no model file')]
    assert.deepEqual(server.scan(1_000, models), [])
    assert.deepEqual(server.scan(2_000, models), ['empty', 'wrong: no model file'])
  })

  it('shows those of its versions that stand', () => {
    const server = started()
    server.scan(1_000, [made('m 1a 2x')])
    assert.deepEqual(server.scan(2_000, [made('m 1a 2y')]), ['m 1a'])
    assert.deepEqual(server.scan(2_000, [made('m 1a 2y')]), ['m 1a 2y'])
  })

  it('that goes again before it stood was never there', () => {
    const server = started()
    server.scan(1_000, [made('m 1a')])
    assert.deepEqual(server.scan(1_000, []), [])
    assert.equal(server.again, undefined)
    assert.deepEqual(server.scan(1_000, [made('m 1a')]), [])
  })
})

describe('a model that changes', () => {
  it('keeps what it was until what it is stands', () => {
    const server = started(made('m 1a'))
    assert.deepEqual(server.scan(1_000, [made('m 1b')]), ['m 1a'])
    assert.deepEqual(server.scan(1_000, [made('m 1c')]), ['m 1a'])
    assert.deepEqual(server.scan(2_000, [made('m 1c')]), ['m 1c'])
  })

  it('changes at once where the change is sealed', () => {
    const server = started(made('m 1a'))
    assert.deepEqual(server.scan(1_000, [made('m 1b', { sealed: true })]), ['m 1b'])
  })

  it('only from a copy to a sealed one has not changed', () => {
    const server = started(made('m 1a'))
    const [before] = server.last!.models
    server.scan(1_000, [made('m 1a', { sealed: true, changedAt: WALL, configChangedAt: WALL })])
    assert.equal(server.last!.models[0], before)
  })

  it('that is as it was before is left alone', () => {
    const server = started(made('m 1a'))
    const [before] = server.last!.models
    server.scan(1_000, [made('m 1b')])
    assert.deepEqual(server.scan(1_000, [made('m 1a')]), ['m 1a'])
    assert.equal(server.again, undefined)
    assert.deepEqual(server.scan(5_000, [made('m 1a')]), ['m 1a'])
    assert.equal(server.last!.models[0], before)
  })

  it('gains versions one by one, in the order of their numbers', () => {
    const server = started(made('m 10a'))
    server.scan(1_000, [made('m 9a 10a')])
    server.scan(1_000, [made('m 9a 10a 11a')])
    assert.deepEqual(server.scan(1_000, [made('m 9a 10a 11a')]), ['m 9a 10a'])
    assert.deepEqual(server.scan(1_000, [made('m 9a 10a 11a')]), ['m 9a 10a 11a'])
  })

  it('loses a version only when that was gone for as long', () => {
    const server = started(made('m 1a 2a'))
    assert.deepEqual(server.scan(1_000, [made('m 1a')]), ['m 1a 2a'])
    assert.deepEqual(server.scan(1_999, [made('m 1a')]), ['m 1a 2a'])
    assert.deepEqual(server.scan(1, [made('m 1a')]), ['m 1a'])
  })

  it('keeps a version that is gone in its place', () => {
    const server = started(made('m 1a 2a'))
    assert.deepEqual(server.scan(1_000, [made('m 2a')]), ['m 1a 2a'])
    assert.deepEqual(server.scan(1_000, [made('m 2b', { sealed: true })]), ['m 1a 2b'])
  })

  it('keeps a version that is gone for a moment', () => {
    const server = started(made('m 1a 2a'))
    server.scan(1_000, [made('m 1a')])
    assert.deepEqual(server.scan(1_500, [made('m 1a 2a')]), ['m 1a 2a'])
    assert.deepEqual(server.scan(1_500, [made('m 1a')]), ['m 1a 2a'])
  })

  it('keeps its last version until the one that takes its place stands', () => {
    const server = started(made('m 1a'))
    server.scan(1_000, [made('m 2x')])
    assert.deepEqual(server.scan(2_000, [made('m 2y')]), ['m 1a'])
    assert.deepEqual(server.scan(2_000, [made('m 2y')]), ['m 2y'])
  })

  it('keeps what it was while its configuration changes, sealed versions or not', () => {
    const server = started(made('m 1a'))
    const config = { ...defaultModelConfig, versions: { all: true as const } }
    const changed = (triton: unknown) =>
      made('m 1b 2b', { sealed: true, config, triton: triton as never })
    assert.deepEqual(server.scan(1_000, [changed({ half: 1 })]), ['m 1a'])
    assert.deepEqual(server.scan(1_000, [changed({ whole: 2n })]), ['m 1a'])
    assert.deepEqual(server.scan(1_000, [changed({ whole: 2n })]), ['m 1a'])
    assert.deepEqual(server.scan(1_000, [changed({ whole: 2n })]), ['m 1b 2b'])
    const { spec } = server.last!.models[0]!
    assert.ok(!(spec instanceof ServingError))
    assert.deepEqual(spec.config.versions, { all: true })
  })

  it('keeps what it was while it cannot be read, and then says why', () => {
    const server = started(made('m 1a'))
    assert.deepEqual(server.scan(1_000, [broken('m', 'half')]), ['m 1a'])
    assert.deepEqual(server.scan(1_900, [broken('m', 'wrong')]), ['m 1a'])
    assert.deepEqual(server.scan(2_000, [broken('m', 'wrong')]), ['m: wrong'])
    assert.deepEqual(server.scan(1_000, [made('m 1a')]), ['m: wrong'])
    assert.deepEqual(server.scan(2_000, [made('m 1a')]), ['m 1a'])
  })

  it('that moves to another folder keeps what it was until it stands there', () => {
    const server = started(made('m 1a 2a'))
    const moved = made('m 1a', { root: '/s' })
    assert.deepEqual(server.scan(1_000, [moved]), ['m 1a 2a'])
    assert.deepEqual(server.scan(2_000, [moved]), ['m 1a'])
    assert.equal(server.last!.models[0]!.root, '/s')
  })

  it('and is gone is dropped only when it was gone for as long', () => {
    const server = started(made('a 1a'), made('m 1a'))
    assert.deepEqual(server.scan(1_000, [made('a 1a')]), ['a 1a', 'm 1a'])
    assert.equal(server.again, 2_000)
    assert.deepEqual(server.scan(1_500, [made('a 1a'), made('m 1a')]), ['a 1a', 'm 1a'])
    server.scan(1_000, [made('a 1a')])
    assert.deepEqual(server.scan(2_000, [made('a 1a')]), ['a 1a'])
  })
})

describe('a root that is lost', () => {
  it('keeps its models, however long', () => {
    const server = started(made('m 1a'), made('n 1a', { root: '/s' }))
    assert.deepEqual(server.scan(1_000, [made('n 1a', { root: '/s' })], '/r'), ['m 1a', 'n 1a'])
    assert.equal(server.again, undefined)
    assert.deepEqual(server.scan(9e9, [made('n 2b', { root: '/s' })], '/r'), ['m 1a', 'n 1a'])
  })

  it('keeps its models from others of their name', () => {
    const server = started(made('m 1a'))
    const shadowed = made('m 1z', { root: '/s', sealed: true })
    assert.deepEqual(server.scan(1_000, [shadowed], '/r'), ['m 1a'])
    assert.deepEqual(server.scan(5_000, [shadowed], '/r'), ['m 1a'])
    assert.deepEqual(server.scan(1_000, [shadowed]), ['m 1a'])
    assert.deepEqual(server.scan(2_000, [shadowed]), ['m 1z'])
  })

  it('is looked at anew when it is back: what was seen before counts no more', () => {
    const server = started(made('m 1a'))
    server.scan(1_000, [made('m 1b')])
    server.scan(5_000, [], '/r')
    assert.deepEqual(server.scan(5_000, [made('m 1b')]), ['m 1a'])
    assert.deepEqual(server.scan(2_000, [made('m 1b')]), ['m 1b'])
  })

  it('at the start is no root without models', () => {
    const server = new Server()
    assert.deepEqual(server.scan(0, [], '/r'), [])
    assert.equal(server.again, undefined)
    assert.deepEqual(server.scan(60_000, [made('m 1a')]), [])
    assert.deepEqual(server.scan(2_000, [made('m 1a')]), ['m 1a'])
  })
})

describe('the first scan', () => {
  const first = (...models: FoundModel[]) => {
    const server = new Server()
    return [server.scan(0, models), server.again]
  }

  it('acts at once on what has not changed for two seconds', () => {
    assert.deepEqual(first(made('m 1a', { changedAt: WALL - 2_000 })), [['m 1a'], undefined])
  })

  it('waits for what changed a moment ago, by whatever clock', () => {
    for (const changedAt of [WALL - 1_999, WALL, WALL + 3_600_000]) {
      assert.deepEqual(first(made('m 1a', { changedAt })), [[], 2_000])
    }
    assert.deepEqual(first(made('m 1a')), [[], 2_000])
  })

  it('serves the versions that stand beside one that is being copied', () => {
    const old = made('m 1a', { changedAt: WALL - 60_000 })
    const copied = made('m 2a', { changedAt: WALL })
    assert.ok(!(old.spec instanceof ServingError || copied.spec instanceof ServingError))
    const both = {
      ...old,
      spec: { ...old.spec, versions: [...old.spec.versions, ...copied.spec.versions] },
    }
    assert.deepEqual(first(both), [['m 1a'], 2_000])
  })

  it('acts at once on what is sealed, unless what configures it was just written', () => {
    assert.deepEqual(first(made('m 1a', { sealed: true })), [['m 1a'], undefined])
    const configured = (configChangedAt: number) =>
      first(made('m 1a', { sealed: true, configChangedAt }))
    assert.deepEqual(configured(WALL - 1_000), [[], 2_000])
    assert.deepEqual(configured(WALL - 2_000), [['m 1a'], undefined])
  })

  it('tells at once of what cannot be served', () => {
    assert.deepEqual(first(broken('m', 'wrong'), made('n')), [['m: wrong', 'n'], undefined])
    const model = made('m 1a')
    assert.ok(!(model.spec instanceof ServingError))
    const path = fail('MODEL_UNREADABLE', { problem: 'no file' })
    const version = { version: '1', fingerprint: 'a', sealed: false, path }
    assert.deepEqual(first({ ...model, spec: { ...model.spec, versions: [version] } })[0], ['m 1a'])
    const young = { ...version, changedAt: WALL }
    assert.deepEqual(first({ ...model, spec: { ...model.spec, versions: [young] } })[0], [])
  })
})
