import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Call } from '../call.ts'
import { HandClock } from '../clock.ts'
import { parseModelConfig } from '../config/index.ts'
import { noEvents } from '../events.ts'
import { Resources, Scheduler } from './index.ts'
import { SimulatedModel } from './simulated-model.ts'
import { settled } from './testing.ts'

const never = () => false

/** A version that serves beside one that is tried; each has more to run than there is time for. */
async function sideBySide(resources: Resources | undefined) {
  const clock = new HandClock()
  const runtime = { threads: 1, placesPerThread: 1 }
  const queue = { maxWaiting: 300, maxWaitingBytes: 2 ** 20 }
  const scheduler = new Scheduler({ runtime, queue, clock, resources })
  const given = { clock, threads: 1, fixedMs: 10, perRowMs: 0, poison: never, endless: never }
  const models = [new SimulatedModel(given), new SimulatedModel(given)]
  const versions = models.map((executable, index) => ({
    ...{ model: `m${index}`, version: '1', executable, signature: executable.signature },
    ...{ config: parseModelConfig('{}', 'model.yaml'), events: noEvents },
  }))
  const executors = [scheduler.executors(versions[0]!), scheduler.trialExecutors(versions[1]!, 300)]
  for (let value = 0; value < 250; value++) {
    const tensor = { datatype: 'INT32', shape: [1, 1], data: Int32Array.of(value) } as const
    for (const one of executors) {
      void one.predict({ inputs: [{ name: 'x', tensor }] }, new Call({ requestId: 'r' }))
    }
  }
  for (let turn = 0; turn < 210; turn++) {
    await settled()
    clock.advance(10)
  }
  return models.map(({ runs }) => runs.length)
}

describe('a version that is tried', () => {
  for (const [where, resources] of [
    ['', undefined],
    [' where resources are limited, too', new Resources()],
  ] as const) {
    it(`has a twentieth of the time that one that serves wants as well${where}`, async () => {
      const [serves, tried] = await sideBySide(resources)
      assert.ok(Math.abs(serves! / tried! - 20) < 2, `${serves} runs and ${tried}`)
    })
  }
})
