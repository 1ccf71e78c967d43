import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type ChoiceRules, choose, type Head } from './choose.ts'

const rules: ChoiceRules = {
  strategy: 'oldest',
  maxRows: 4,
  maxDelayMs: 10,
  minimumUtilization: 0,
  preferred: [],
  preserveOrdering: false,
}

interface Named extends Head {
  readonly name: string
}

/** `a@3` came at 3; `a@3:k` has the shape k, `a@3!` is to run alone, `a@3<9` must answer by 9. */
const heads = (text: string): readonly Named[] =>
  text.split(' ').map((one, order) => {
    const [, name, arrived, key, alone, deadline] =
      /^(\w)@(\d+)(?::(\w))?(!)?(?:<(\d+))?$/.exec(one) ?? []
    return {
      name: name!,
      order,
      arrived: Number(arrived),
      key: key ?? '',
      alone: alone !== undefined,
      ...(deadline !== undefined && { deadline: Number(deadline) }),
    }
  })

const chosen = (text: string, now: number, more: Partial<ChoiceRules> = {}, hurry = false) => {
  const choice = choose(heads(text).toReversed(), { ...rules, ...more }, now, hurry)
  return choice?.kind === 'run' ? choice.heads.map(({ name }) => name).join('') : choice?.until
}

describe('the next run', () => {
  it('is none where nothing waits', () => {
    assert.equal(choose([], rules, 0, false), undefined)
  })

  it('leaves at once where nothing is to be waited for', () => {
    assert.equal(chosen('a@0 b@3', 3, { maxDelayMs: 0 }), 'ab')
    assert.equal(chosen('a@0 b@3', 3, {}, true), 'ab')
  })

  it('waits for company as long as the oldest may', () => {
    assert.equal(chosen('a@2 b@3', 3), 12)
    assert.equal(chosen('a@2 b@3', 12), 'ab')
  })

  it('leaves when it is full, with those that waited longest', () => {
    assert.equal(chosen('a@0 b@1 c@2 d@3 e@4', 4), 'abcd')
  })

  it('leaves with a preferred number of rows, the greatest that is there', () => {
    assert.equal(chosen('a@0 b@1 c@2', 2, { preferred: [1, 2] }), 'ab')
    assert.equal(chosen('a@0', 2, { preferred: [2] }), 10)
    assert.equal(chosen('a@0 b@1 c@2', 10, { preferred: [2] }), 'abc')
  })

  it('leaves with direct when enough rows are taken, of whatever shape', () => {
    const direct = { strategy: 'direct', minimumUtilization: 0.5 } as const
    assert.equal(chosen('a@0', 1, direct), 10)
    assert.equal(chosen('a@0 b@1:k', 1, direct), 'a')
  })

  it('leaves before it is too late for one of them', () => {
    assert.equal(chosen('a@0 b@1<10', 1), 'ab')
    assert.equal(chosen('a@0 b@1<11', 1), 10)
  })

  it('has one shape, that of the oldest', () => {
    assert.equal(chosen('a@0:k b@1 c@2:k', 10), 'ac')
    assert.equal(chosen('a@0:k b@1 c@2:k', 10, { preserveOrdering: true }), 'a')
  })

  it('is that of one alone which failed with others, when it is the oldest', () => {
    assert.equal(chosen('a@0! b@1', 1), 'a')
    assert.equal(chosen('a@0 b@1! c@2', 10), 'ac')
  })
})
