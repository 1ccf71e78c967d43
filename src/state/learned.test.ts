import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import fc from 'fast-check'
import { HandClock } from '../clock.ts'
import { type Log, silentLog } from '../log.ts'
import { Learned, type LearnedFacts, StateFolder } from './index.ts'
import { parseFacts, textOf } from './learned-facts.ts'

async function setUp(t: TestContext) {
  const path = await mkdtemp(join(tmpdir(), 'sluice-learned-'))
  const warnings: string[] = []
  const log: Log = { ...silentLog, warn: (event) => warnings.push(event) }
  const folder = await StateFolder.open({ path, log })
  t.after(async () => {
    await folder.close()
    await rm(path, { recursive: true, force: true })
  })
  const clock = new HandClock()
  const on = (...machine: string[]) => new Learned({ folder, machine, clock, log })
  /** What lies on disk, once everything that was asked for is written. */
  const files = async () => {
    await folder.write('after', '')
    const names = await readdir(join(path, 'learned')).catch(() => [])
    return Promise.all(names.map((name) => readFile(join(path, 'learned', name), 'utf8')))
  }
  const damage = async (text: string) => {
    const [name] = await readdir(join(path, 'learned'))
    await writeFile(join(path, 'learned', name!), text)
  }
  return { on, clock, files, damage, warnings, folder }
}

const factsOf = (ms: number, more: Partial<LearnedFacts> = {}): LearnedFacts => ({
  of: 'iris 1',
  apart: null,
  shapes: [
    {
      shape: 'x:4',
      points: [
        { rows: 1, ms },
        { rows: 2, ms: 2 * ms },
      ],
    },
  ],
  ...more,
})

describe('what was learned', () => {
  it('is there the next time, for the same files on the same machine', async (t) => {
    const { on } = await setUp(t)
    const stop = on('cpu').keep(['digest'], () => factsOf(3))
    await stop()
    assert.deepEqual(await on('cpu').recall(['digest']), factsOf(3))
    assert.equal(await on('cpu').recall(['another']), undefined)
    assert.equal(await on('another').recall(['digest']), undefined)
    assert.equal(await on().recall(['cpu', 'digest', '']), undefined)
  })

  it('is written every half a minute, where it says something new', async (t) => {
    const { on, clock, files } = await setUp(t)
    let facts = factsOf(3)
    const stop = on('cpu').keep(['digest'], () => facts)
    clock.advance(29_999)
    assert.deepEqual(await files(), [])
    clock.advance(1)
    assert.deepEqual(await files(), [textOf(factsOf(3))])
    facts = factsOf(3.5)
    clock.advance(30_000)
    assert.deepEqual(await files(), [textOf(factsOf(3))], 'that is much the same')
    facts = factsOf(4)
    clock.advance(30_000)
    assert.deepEqual(await files(), [textOf(factsOf(4))])
    facts = factsOf(4, { apart: 'y differs' })
    await stop()
    assert.deepEqual(await files(), [textOf(facts)])
  })

  it('is not written again where it was only recalled', async (t) => {
    const { on, clock, files } = await setUp(t)
    await on('cpu').keep(['digest'], () => factsOf(3))()
    const learned = on('cpu')
    const recalled = await learned.recall(['digest'])
    const stop = learned.keep(['digest'], () => factsOf(3.1), recalled)
    clock.advance(30_000)
    await stop()
    assert.deepEqual(await files(), [textOf(factsOf(3))])
  })

  it('is nothing where nothing was', async (t) => {
    const { on, files } = await setUp(t)
    await on('cpu').keep(['digest'], () => ({ of: 'iris 1', shapes: [] }))()
    assert.deepEqual(await files(), [])
  })

  it('is asked for no more once nobody keeps it', async (t) => {
    const { on, clock } = await setUp(t)
    let asked = 0
    const learned = on('cpu')
    const stops = ['a', 'b'].map((name) =>
      learned.keep([name], () => {
        asked += 1
        return factsOf(1)
      }),
    )
    await Promise.all(stops.map((stop) => stop()))
    await stops[0]!()
    clock.advance(90_000)
    assert.equal(asked, 2)
  })

  it('is warned of and written anew where it is damaged', async (t) => {
    const { on, damage, warnings } = await setUp(t)
    const keep = () => on('cpu').keep(['digest'], () => factsOf(3))
    await keep()()
    for (const text of ['', '{', 'null', '[]', '{"format":2}', textOf(factsOf(-1))]) {
      await damage(text)
      assert.equal(await on('cpu').recall(['digest']), undefined, text)
    }
    assert.deepEqual(new Set(warnings), new Set(['damaged state is ignored']))
    await keep()()
    assert.deepEqual(await on('cpu').recall(['digest']), factsOf(3))
  })

  it('comes back as it was, and nothing comes of any other text', () => {
    const point = fc.record({
      rows: fc.integer({ min: 1, max: 1e6 }),
      ms: fc.integer({ min: 0, max: 9999 }),
    })
    const shape = fc.record({ shape: fc.string(), points: fc.array(point) })
    const facts = fc.record(
      { of: fc.string(), apart: fc.option(fc.string()), shapes: fc.array(shape) },
      { requiredKeys: ['of', 'shapes'] },
    )
    const plain = (value: unknown) => JSON.parse(JSON.stringify(value))
    fc.assert(
      fc.property(facts, fc.json(), (facts, json) => {
        assert.deepEqual(plain(parseFacts(textOf(facts as LearnedFacts))), plain(facts))
        assert.equal(parseFacts(json), undefined)
      }),
      { seed: 8, numRuns: 300 },
    )
  })
})
