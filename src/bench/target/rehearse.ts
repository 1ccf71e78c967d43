/** Asks every question once before the load: that it can be answered, and what with. */
import type { Outcome } from '../load/outcome.ts'
import { difference } from './difference.ts'
import type { Driver, Reply } from './driver.ts'
import { TargetFailed } from './target-failed.ts'

export interface RehearseOptions {
  readonly driver: Driver
  readonly questions: number
  readonly timeoutMs: number
  /** Every answer under load must be the one given here, within this tolerance. */
  readonly check: { readonly tolerance: number } | undefined
  readonly stop: AbortSignal
}

/** Says what became of a reply to this question. */
export type Judge = (question: number, reply: Reply) => Outcome

/**
 * Without `check` the first few questions are asked, with it all of them. Fails with TargetFailed
 * where one is not answered at the third time either.
 */
export async function rehearse(options: RehearseOptions): Promise<Judge> {
  const { driver, questions, check, stop } = options
  const expected: unknown[] = []
  const count = check === undefined ? Math.min(questions, enough) : questions
  for (let question = 0; question < count && !stop.aborted; question++) {
    const reply = await answerTo(question, options)
    if (check === undefined) continue
    try {
      expected.push(driver.read(reply.answer))
    } catch (thrown) {
      throw new TargetFailed(`request ${question + 1}: ${(thrown as Error).message}`)
    }
  }
  if (check === undefined) return (_, reply) => reply
  return (question, reply) => {
    if (!reply.ok) return reply
    try {
      const got = driver.read(reply.answer)
      const wrong = difference(expected[question], got, check.tolerance)
      return wrong === undefined ? reply : { ok: false, why: `${wrongAnswer} ${wrong}` }
    } catch (thrown) {
      return { ok: false, why: `${wrongAnswer} ${(thrown as Error).message}` }
    }
  }
}

/** How the reason of an answer that was not the right one begins. */
export const wrongAnswer = 'wrong answer:'

async function answerTo(question: number, { driver, timeoutMs }: RehearseOptions) {
  let why = ''
  for (let time = 0; time < 3; time++) {
    const reply = await new Promise<Reply>((resolve) => {
      driver.send(question, timeoutMs, resolve)
    })
    if (reply.ok) return reply
    why = reply.why
  }
  throw new TargetFailed(`request ${question + 1} is not answered: ${why}`)
}

const enough = 16
