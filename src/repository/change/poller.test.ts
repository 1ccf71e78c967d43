import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HandClock } from '../../clock.ts'
import { defaultModelConfig } from '../../config/index.ts'
import type { FoundModel } from '../../model-spec.ts'
import type { Scan, Source } from '../source.ts'
import { Poller } from './poller.ts'

const EVERY_MS = 15_000
const WALL = 1_700_000_000_000

/** A clock that tells how many alarms are set. */
class CountingClock extends HandClock {
  alarms = 0

  override wakeAt(moment: number, callback: () => void): () => void {
    this.alarms += 1
    let isSet = true
    const off = () => {
      if (isSet) this.alarms -= 1
      isSet = false
    }
    const cancel = super.wakeAt(moment, () => {
      off()
      callback()
    })
    return () => {
      off()
      cancel()
    }
  }
}

const model = (fingerprint: string, sealed = true): FoundModel => ({
  name: 'm',
  root: '/r',
  spec: {
    name: 'm',
    folder: '/r/m',
    config: defaultModelConfig,
    versions: [{ version: '1', path: '/r/m/1/model.onnx', fingerprint, sealed }],
    warnings: [],
  },
})

/** A source whose scans end when the test says so; at once where it does not. */
class HandSource implements Source {
  scans = 0
  held = false
  watching = false
  models: readonly FoundModel[]
  lost: Scan['lost'] = []
  failure: Error | undefined
  #release: (() => void)[] = []
  #onChange = () => {}

  constructor(...models: FoundModel[]) {
    this.models = models
  }

  async scan(): Promise<Scan> {
    this.scans += 1
    const { models, lost, failure } = this
    if (this.held) await new Promise<void>((resolve) => this.#release.push(resolve))
    if (failure !== undefined) throw failure
    return { models, lost }
  }

  watch(onChange: () => void): () => void {
    this.watching = true
    this.#onChange = onChange
    return () => {
      this.watching = false
    }
  }

  /** Also after it was told to stop, as a system may. */
  change(): void {
    this.#onChange()
  }

  /** Ends the scan under way. */
  async release(): Promise<void> {
    assert.equal(this.#release.length, 1, 'one scan is under way')
    this.#release.shift()!()
    await turn()
  }
}

function poll(source: Source) {
  const clock = new CountingClock()
  const told: string[] = []
  const problems: unknown[] = []
  const poller = new Poller({
    source,
    clock,
    wallNow: () => WALL + clock.now(),
    everyMs: EVERY_MS,
    onModels: (models, { lost }) => {
      const shown = models.map(({ spec }) =>
        'versions' in spec ? spec.versions[0]!.fingerprint : '',
      )
      told.push([...shown, ...lost.map(({ root }) => root)].join(' '))
    },
    onProblem: (thrown) => problems.push(thrown),
  })
  const advance = async (ms: number) => {
    clock.advance(ms)
    await turn()
  }
  return { poller, clock, told, problems, advance }
}

/** Everything that is to happen at this moment has happened. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

describe('a source is looked at', () => {
  it('at once, and then at the interval from the end of a look', async () => {
    const source = new HandSource(model('a'))
    const { poller, told, advance } = poll(source)
    poller.start()
    await turn()
    assert.deepEqual(told, ['a'])
    await advance(EVERY_MS - 1)
    assert.equal(source.scans, 1)
    source.held = true
    await advance(1)
    await advance(4_000)
    assert.equal(source.scans, 2)
    await source.release()
    assert.deepEqual(told, ['a', 'a'])
    await advance(EVERY_MS - 1)
    assert.equal(source.scans, 2)
    await advance(1)
    assert.equal(source.scans, 3)
  })

  it('soon after the system tells of changes, once for a burst', async () => {
    const source = new HandSource(model('a'))
    const { poller, told, advance } = poll(source)
    poller.start()
    await turn()
    source.models = [model('b')]
    source.change()
    await advance(30)
    source.change()
    assert.equal(source.scans, 1)
    await advance(20)
    assert.deepEqual(told, ['a', 'b'])
    await advance(1_000)
    assert.equal(source.scans, 2)
  })

  it('again when a change comes while it is looked at', async () => {
    const source = new HandSource(model('a'))
    const { poller, told, advance } = poll(source)
    poller.start()
    source.held = true
    await turn()
    source.models = [model('b')]
    source.change()
    await advance(60)
    assert.equal(source.scans, 1)
    source.held = false
    await source.release()
    await advance(9 * 60)
    assert.deepEqual(told, ['a', 'b'])
  })

  it('seldom enough that a look that takes long is a tenth of the time', async () => {
    const source = new HandSource(model('a'))
    const { poller, advance } = poll(source)
    poller.start()
    source.held = true
    await turn()
    await advance(100)
    await source.release()
    source.change()
    await advance(899)
    assert.equal(source.scans, 1)
    await advance(1)
    assert.equal(source.scans, 2)
    await advance(60_000)
    await source.release()
    source.change()
    await advance(999)
    assert.equal(source.scans, 2)
    await advance(1)
    assert.equal(source.scans, 3)
  })

  it('when what has changed may stand still', async () => {
    const source = new HandSource(model('a'))
    const { poller, told, advance } = poll(source)
    poller.start()
    await turn()
    source.models = [model('b', false)]
    source.change()
    await advance(50)
    assert.deepEqual(told, ['a', 'a'])
    await advance(1_999)
    assert.equal(source.scans, 2)
    await advance(1)
    assert.deepEqual(told, ['a', 'a', 'b'])
    await advance(EVERY_MS - 1)
    assert.equal(source.scans, 3)
  })

  it('by the wall clock, for how old files are at the start', async () => {
    const source = new HandSource()
    const young = model('a', false)
    assert.ok('versions' in young.spec)
    const [version] = young.spec.versions
    const changedAt = (ms: number): FoundModel => ({
      ...young,
      spec: { ...young.spec, versions: [{ ...version!, changedAt: ms }] } as FoundModel['spec'],
    })
    for (const [at, expected] of [
      [WALL - 2_000, 'a'],
      [WALL - 1_000, ''],
    ] as const) {
      source.models = [changedAt(at)]
      const { poller, told } = poll(source)
      poller.start()
      await turn()
      assert.deepEqual(told, [expected])
    }
  })

  it('never twice at once', async () => {
    const source = new HandSource(model('a'))
    const { poller, advance } = poll(source)
    poller.start()
    source.held = true
    await turn()
    source.change()
    void poller.lookNow()
    await advance(10 * EVERY_MS)
    assert.equal(source.scans, 1)
    await source.release()
    assert.equal(source.scans, 2)
  })

  it('and what cannot be read is told of, and nothing of it is dropped', async () => {
    const source = new HandSource(model('a'))
    const { poller, told, advance } = poll(source)
    poller.start()
    await turn()
    source.models = []
    source.lost = [{ root: '/r', why: 'gone' }]
    await advance(EVERY_MS)
    await advance(EVERY_MS)
    assert.deepEqual(told, ['a', 'a /r', 'a /r'])
  })
})

describe('a look that fails', () => {
  it('is told, and looking goes on', async () => {
    const source = new HandSource(model('a'))
    const { poller, told, problems, advance } = poll(source)
    source.failure = new Error('no')
    poller.start()
    await turn()
    assert.deepEqual([told, problems], [[], [source.failure]])
    source.failure = undefined
    await advance(EVERY_MS)
    assert.deepEqual(told, ['a'])
  })

  it('is told to whoever asked for it, and to nobody else', async () => {
    const source = new HandSource(model('a', false))
    const { poller, problems, advance } = poll(source)
    poller.start()
    const before = poller.lookNow()
    await turn()
    source.failure = new Error('no')
    await assert.rejects(poller.lookNow(), source.failure)
    assert.deepEqual(problems, [source.failure])
    source.failure = undefined
    await advance(2_000)
    await before
  })

  it('is also one whose finds nobody could take', async () => {
    const source = new HandSource(model('a'))
    const clock = new HandClock()
    const problems: unknown[] = []
    const problem = new Error('a fault')
    const poller = new Poller({
      source,
      clock,
      everyMs: EVERY_MS,
      onModels: () => {
        throw problem
      },
      onProblem: (thrown) => problems.push(thrown),
    })
    poller.start()
    await assert.rejects(poller.lookNow(), problem)
    clock.advance(EVERY_MS)
    await turn()
    assert.deepEqual(problems, [problem, problem])
  })

  it('is not one where only watching fails', async () => {
    const source = new HandSource(model('a'))
    const refusal = new Error('no watches left')
    source.watch = () => {
      throw refusal
    }
    const { poller, told, problems, advance } = poll(source)
    poller.start()
    await turn()
    await advance(EVERY_MS)
    assert.deepEqual([told, problems], [['a', 'a'], [refusal]])
    poller.stop()
  })
})

describe('whoever asks for a look', () => {
  it('is answered when what is there is told', async () => {
    const source = new HandSource(model('a'))
    const { poller, told } = poll(source)
    poller.start()
    await poller.lookNow()
    assert.deepEqual(told, ['a'], 'one look for the start and who asks then')
    source.models = [model('b')]
    await Promise.all([poller.lookNow(), poller.lookNow()])
    assert.deepEqual(told, ['a', 'b'])
  })

  it('is not answered by a look that was under way', async () => {
    const source = new HandSource(model('a'))
    const { poller, told } = poll(source)
    poller.start()
    source.held = true
    await turn()
    source.models = [model('b')]
    let answered = false
    const asked = poller.lookNow().then(() => {
      answered = true
    })
    await source.release()
    assert.deepEqual([told, answered], [['a'], false])
    await source.release()
    await asked
    assert.deepEqual(told, ['a', 'b'])
  })

  it('waits for what does not stand still, as long as that takes', async () => {
    const source = new HandSource(model('a'))
    const { poller, told, advance } = poll(source)
    poller.start()
    await turn()
    source.models = [model('b', false)]
    let answered = false
    const asked = poller.lookNow().then(() => {
      answered = true
    })
    await turn()
    await advance(1_999)
    assert.deepEqual([told, answered], [['a', 'a'], false])
    await advance(1)
    await asked
    assert.deepEqual(told, ['a', 'a', 'b'])
  })

  it('does not wait for what goes on changing', async () => {
    const source = new HandSource(model('a'))
    const { poller, told, advance } = poll(source)
    poller.start()
    await turn()
    source.models = [model('b', false)]
    const asked = poller.lookNow()
    await turn()
    source.models = [model('c', false)]
    await advance(2_000)
    await asked
    assert.deepEqual(told, ['a', 'a', 'a'])
  })

  it('does not wait longer because others look in between', async () => {
    const source = new HandSource(model('a'))
    const { poller, advance } = poll(source)
    poller.start()
    await turn()
    source.models = [model('b', false)]
    let answered = false
    const asked = poller.lookNow().then(() => {
      answered = true
    })
    await turn()
    await advance(1_000)
    source.models = [model('c', false)]
    source.change()
    await advance(50)
    await advance(949)
    assert.deepEqual([source.scans, answered], [3, false])
    await advance(1)
    await asked
  })

  it('does not wait for the rest after a long look', async () => {
    const source = new HandSource(model('a'))
    const { poller, advance } = poll(source)
    poller.start()
    source.held = true
    await turn()
    await advance(100)
    await source.release()
    source.held = false
    await poller.lookNow()
    assert.equal(source.scans, 2)
  })
})

describe('once it is stopped', () => {
  it('nothing is looked at, watched or told, and no timer is left', async () => {
    const source = new HandSource(model('a'))
    const { poller, clock, told, advance } = poll(source)
    poller.start()
    await turn()
    assert.deepEqual([source.watching, clock.alarms], [true, 1])
    poller.stop()
    assert.deepEqual([source.watching, clock.alarms], [false, 0])
    source.change()
    await poller.lookNow()
    await advance(10 * EVERY_MS)
    assert.deepEqual([source.scans, told, clock.alarms], [1, ['a'], 0])
  })

  it('a look under way comes to nothing, and nobody waits for it', async () => {
    for (const failure of [undefined, new Error('no')]) {
      const source = new HandSource(model('a'))
      const { poller, clock, told, problems } = poll(source)
      source.held = true
      source.failure = failure
      poller.start()
      const asked = poller.lookNow()
      await turn()
      poller.stop()
      await asked
      await source.release()
      assert.deepEqual([told, problems, clock.alarms], [[], [], 0])
    }
  })

  it('before it began, nothing is looked at', async () => {
    const source = new HandSource(model('a'))
    const { poller } = poll(source)
    poller.start()
    poller.stop()
    await turn()
    assert.equal(source.scans, 0)
  })
})

describe('another source', () => {
  it('takes the place of the first at once, and what was told goes on from there', async () => {
    const source = new HandSource(model('a', false))
    const { poller, told, advance } = poll(source)
    poller.start()
    await advance(0)
    await advance(2_000)
    assert.deepEqual(told, ['', 'a'])
    const other = new HandSource(model('b', false))
    poller.replace(other)
    await turn()
    assert.deepEqual([source.watching, other.watching], [false, true])
    assert.deepEqual(told.slice(2), ['a'], 'what stands is served until the change stands')
    await advance(2_000)
    assert.deepEqual(told.slice(3), ['b'])
    source.change()
    await advance(1_000)
    assert.deepEqual([source.scans, other.scans], [2, 2])
    other.change()
    await advance(50)
    assert.equal(other.scans, 3)
  })

  it('is asked in place of the first where that was being looked at', async () => {
    const source = new HandSource(model('a'))
    const { poller, told } = poll(source)
    source.held = true
    poller.start()
    const asked = poller.lookNow()
    await turn()
    poller.replace(new HandSource(model('b')))
    await source.release()
    await asked
    assert.deepEqual(told, ['b'])
  })

  it('drops what it does not have once that is seen', async () => {
    const { poller, told, advance } = poll(new HandSource(model('a')))
    poller.start()
    await turn()
    poller.replace(new HandSource())
    const asked = poller.lookNow()
    await turn()
    await advance(2_000)
    await asked
    assert.deepEqual(told, ['a', 'a', ''])
  })
})
