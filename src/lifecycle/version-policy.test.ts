import assert from 'node:assert/strict'
import { it } from 'node:test'
import { defaultModelConfig, type ModelConfig } from '../config/index.ts'
import { fail } from '../errors.ts'
import { labelsOf, labelWarnings, wantedVersions } from './version-policy.ts'

/** What is wanted of versions on disk, and what is missing. */
function wantedOf(policy: ModelConfig['versions'] | undefined, ...onDisk: string[]) {
  const versions = onDisk.map((version) => ({
    version,
    path: version === '8' ? fail('MODEL_UNREADABLE', { problem: 'empty' }) : `/m/${version}`,
    fingerprint: version,
    sealed: true,
  }))
  const config = { ...defaultModelConfig, ...(policy && { versions: policy }) }
  const { wanted, missing } = wantedVersions({ versions, config })
  return [wanted.map(({ version }) => version), missing]
}

it('the newest is served where nothing is said, by number', () => {
  assert.deepEqual(wantedOf(undefined, '2', '9', '10'), [['10'], []])
})

it('the newest so many are served, or all there are', () => {
  assert.deepEqual(wantedOf({ latest: 2 }, '10', '2', '9'), [['9', '10'], []])
  assert.deepEqual(wantedOf({ latest: 5 }, '10', '2', '9'), [['2', '9', '10'], []])
  assert.deepEqual(wantedOf({ all: true }, '10', '2', '9'), [['2', '9', '10'], []])
})

it('the newest is wanted although it cannot be loaded, so that this is seen', () => {
  assert.deepEqual(wantedOf({ latest: 1 }, '7', '8'), [['8'], []])
})

it('specific versions are served and no others, and those that are not there are told', () => {
  assert.deepEqual(wantedOf({ specific: [9, 2, 2] }, '2', '9', '10'), [['2', '9'], []])
  assert.deepEqual(wantedOf({ specific: [10, 3, 2] }, '2', '9'), [['2'], ['3', '10']])
})

it('of no version nothing is wanted', () => {
  assert.deepEqual(wantedOf({ latest: 1 }), [[], []])
  assert.deepEqual(wantedOf({ all: true }), [[], []])
  assert.deepEqual(wantedOf({ specific: [1] }), [[], ['1']])
})

it('labels lead to versions, and one that leads to none that is served is told', () => {
  const labels = labelsOf({ stable: 3, canary: 12 })
  assert.deepEqual(
    labels,
    new Map([
      ['stable', '3'],
      ['canary', '12'],
    ]),
  )
  assert.deepEqual(labelWarnings(labels, ['3', '12']), [])
  assert.deepEqual(labelWarnings(labels, ['3', '4']), [
    'the label "canary" leads nowhere: version 12 is not among those served (3, 4)',
  ])
  assert.match(labelWarnings(labels, [])[0]!, /version 3 is not among those served \(none\)$/)
})
