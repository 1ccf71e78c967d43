/** What finding a model costs a request, in a registry of 500: in this process, nothing else. */
import { noEvents } from '../../src/events.ts'
import type { ServedModel } from '../../src/models.ts'
import { Registry } from '../../src/repository/index.ts'
import { median, seeded } from '../statistics.ts'
import { counted, type Part } from './part.ts'

const models = 500
const turns = 40
const perTurn = 100_000

export function measureLookup(): Part {
  const registry = new Registry({ defaultModel: undefined, strict: false, events: noEvents })
  const names = Array.from({ length: models }, (_, i) => `model-${i}`)
  for (const model of names) {
    const version = '1'
    // a registry hands it out and never looks inside
    const served = { name: model, version } as ServedModel
    registry.publish(model, [{ name: model, version, state: 'ready', served, stable: true }])
  }
  const random = seeded(1)
  const asked = Array.from({ length: perTurn }, () => names[Math.floor(random() * models)]!)
  const find = (version?: string) => {
    for (const model of asked) {
      if (registry.find(model, version).name !== model) throw new Error(`not ${model}`)
    }
  }
  const name = `finding one of ${models} models`
  const rows = [
    ['by its name', undefined],
    ['by its name and version', '1'],
  ] as const
  const measured = rows.map(([how, version]) => ({ how, ns: nanoseconds(() => find(version)) }))
  return {
    name,
    rounds: [],
    notes: { measured },
    summaries: measured.flatMap(({ how, ns }) => [
      counted(name, { metric: `${how}, median`, value: median(ns), unit: 'ns' }),
      counted(name, { metric: `${how}, least`, value: Math.min(...ns), unit: 'ns' }),
    ]),
  }
}

/** Of one lookup, by turn; the first turns, in which the code is compiled, are left out. */
function nanoseconds(turn: () => void): readonly number[] {
  const times: number[] = []
  for (let i = 0; i < turns; i += 1) {
    const began = performance.now()
    turn()
    times.push(((performance.now() - began) * 1e6) / perTurn)
  }
  return times.slice(turns / 4)
}
