/**
 * Errors of the plain API. Wrong input is worded as FastAPI's users know it: 422 and a list of
 * problems with their place; everything else has one message.
 */
import { type Path, ServingError } from '../../errors.ts'
import { type Exchange, errorHeaders, httpStatus } from '../../transport/http/index.ts'

export function answerError(exchange: Exchange, error: ServingError): void {
  const status = httpStatus(error)
  const body = status === 422 ? inputError(error) : plainError(error)
  const text = JSON.stringify({ ...body, request_id: exchange.call.requestId })
  void exchange.json(status, text, errorHeaders(error))
}

/** An error of the predictor, with the place of its tensor in the body before the place in it. */
export function locate(
  thrown: unknown,
  pathOf: (input: string) => Path,
  oneRow: boolean,
): ServingError {
  const error = ServingError.from(thrown)
  const { input, inputs, path = [] } = error.facts
  if (error.reason === 'INPUT_MISSING') {
    const [missing] = inputs as readonly string[]
    return at(error, ['inputs', missing!])
  }
  if (typeof input !== 'string') return error
  const base = pathOf(input)
  const inside = oneRow && path[0] === 0 ? path.slice(1) : path
  return at(error, [...base, ...inside])
}

/** The place of a value by the name of its column, as the check of constraints says it. */
export function nameColumn(
  thrown: unknown,
  columns: readonly string[] | undefined,
  length: number,
): unknown {
  if (columns === undefined || !(thrown instanceof ServingError)) return thrown
  const { path = [] } = thrown.facts
  const last = path.at(-1)
  const column = typeof last === 'number' ? columns[last] : undefined
  if (path.length !== length || column === undefined) return thrown
  return at(thrown, [...path.slice(0, -1), column])
}

const at = ({ reason, facts, cause }: ServingError, path: Path): ServingError =>
  new ServingError(reason, { ...facts, path }, cause)

function inputError(error: ServingError) {
  const { path = [], expected, got } = error.facts
  const detail = {
    type: error.reason.toLowerCase(),
    loc: ['body', ...path],
    msg: error.message,
    input: echoed(got),
    expected,
    hint: error.hint,
  }
  return { detail: [detail] }
}

/** What came, as a JSON value where its description is the text of one and loses nothing. */
function echoed(got: unknown): unknown {
  if (typeof got !== 'string') return got
  try {
    const value: unknown = JSON.parse(got)
    const isScalar = typeof value !== 'object' || value === null
    return isScalar && JSON.stringify(value) === got ? value : got
  } catch {
    return got
  }
}

function plainError(error: ServingError) {
  return { detail: error.message, code: error.code, hint: error.hint }
}
