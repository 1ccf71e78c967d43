/** A model behind the plain API of a running server. */
import type { Example } from '../protocols/plain/index.ts'
import type { AskedModel, Outcome, Problem } from './asked-model.ts'
import type { Question } from './question.ts'
import { readDescription, type ServedDescription } from './served-description.ts'
import type { Target } from './target.ts'
import { unreachable } from './unreachable.ts'

export function openRemote({ base, route }: Extract<Target, { kind: 'server' }>): AskedModel {
  let described: Promise<ServedDescription> | undefined
  const description = () => {
    described ??= readDescription(base, route)
    return described
  }
  return {
    ask: (question) => post(`${base}${route}`, base, question),
    example: async (): Promise<Example | undefined> => {
      const { body, models = [] } = await description()
      if (body !== undefined) return { body }
      return route === 'predict' && models.length > 1
        ? { body, reason: `several models are served: choose by --model ${models.join(', ')}` }
        : undefined
    },
    labels: async () => (await description()).labels,
    close: () => Promise.resolve(),
  }
}

async function post(url: string, base: string, question: Question): Promise<Outcome> {
  let response: Response
  let text: string
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': question.contentType, accept: 'application/json' },
      body: Buffer.from(question.bytes),
    })
    text = await response.text()
  } catch (thrown) {
    return { answer: undefined, problem: unreachable(base, thrown) }
  }
  const body = objectOf(text)
  if (response.ok && body !== undefined && 'model_version' in body) return { answer: text }
  return { answer: undefined, problem: refusal(response, body, url) }
}

/** The server's own words, whichever of its two forms they have. */
function refusal(response: Response, body: Fields | undefined, url: string): Problem {
  const { detail, hint } = body ?? {}
  if (typeof detail === 'string') return { message: detail, hint: textOf(hint) }
  const first = Array.isArray(detail) ? (detail[0] as Fields | undefined) : undefined
  if (typeof first?.msg === 'string') {
    const path = Array.isArray(first.loc) ? first.loc.slice(1) : undefined
    return { message: first.msg, path, hint: textOf(first.hint) }
  }
  return {
    message: `${url} gave no prediction: expected an answer of Sluice, got HTTP status ${response.status}`,
    hint: 'check that the address is that of a Sluice server',
  }
}

type Fields = Readonly<Record<string, unknown>>

function objectOf(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Fields) : undefined
  } catch {
    return undefined
  }
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined
