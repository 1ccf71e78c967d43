/** Triton's rules for `sequence_batching`. */
import {
  DataType,
  ModelSequenceBatching_Control_Kind as Kind,
  type ModelSequenceBatching,
  type ModelSequenceBatching_Control,
  type ModelSequenceBatching_InitialState,
  type ModelSequenceBatching_State,
} from './generated/model_config_pb.ts'
import type { TritonConfig } from './triton-config.ts'

export function* sequenceBatchingProblems(
  { name, maxBatchSize, responseCache }: TritonConfig,
  batching: ModelSequenceBatching,
): Iterable<string> {
  if (responseCache?.enable) {
    yield `Response Cache does not currently support model ${name} with sequence batching scheduler. Please disable the response cache.`
  }
  for (const kind of ['CONTROL_SEQUENCE_START', 'CONTROL_SEQUENCE_END', 'CONTROL_SEQUENCE_READY']) {
    yield* controlProblems(batching, kind as ControlKind, name, flagProblems)
  }
  yield* controlProblems(batching, 'CONTROL_SEQUENCE_CORRID', name, idProblems)
  yield* stateProblems(batching)

  const { strategyChoice } = batching
  if (strategyChoice.case === 'oldest') {
    for (const size of strategyChoice.value.preferredBatchSize) {
      if (size <= 0) yield `sequence batching preferred batch size must be positive for ${name}`
      if (size > maxBatchSize) {
        yield `sequence batching preferred batch size must be <= max batch size for ${name}`
      }
    }
  }
  if (strategyChoice.case === 'direct') {
    const { minimumSlotUtilization: least } = strategyChoice.value
    if (least < 0 || least > 1) {
      yield `sequence batching minimum slot utilization must be in range (0.0, 1.0] for ${name}`
    }
  }
}

/** Source: `GenerateInitialStateData` of Triton's core. */
function* stateProblems({ state }: ModelSequenceBatching): Iterable<string> {
  const seen = new Set<string>()
  for (const one of state) {
    const { inputName, initialState } = one
    if (initialState.length > 1) {
      yield `initial_state field for state input '${inputName}' must contain exactly one or zero element. Found '${initialState.length}' elements.`
    }
    for (const initial of initialState) {
      yield* initialProblems(one, initial)
      if (seen.has(inputName)) yield `State input name '${inputName}' specified more than once.`
      seen.add(inputName)
    }
  }
}

function* initialProblems(
  { inputName, dataType, dims }: ModelSequenceBatching_State,
  initial: ModelSequenceBatching_InitialState,
): Iterable<string> {
  if (initial.dataType !== dataType) {
    yield `The data type used for 'initial_state' field of state '${inputName}' does not match the state data type.`
  }
  if (initial.name === '') {
    yield `Field 'name' must be set when using initial_state for state input '${inputName}'.`
  }
  if (initial.dims.length !== dims.length) {
    yield `Number of dimensions in 'initial_state' doesn't match the size of 'state' dimensions for state input '${inputName}'. ${initial.dims.length} != ${dims.length}`
  }
  for (const [axis, size] of initial.dims.entries()) {
    const declared = dims[axis]
    if (size === -1n) {
      yield `'initial_state' field for state input name '${inputName}' contains variable dimensions.`
    }
    if (declared !== -1n && declared !== size) {
      yield `'initial_state' dim for input name '${inputName}' doesn't match 'state' dim description. ${size} != ${declared}`
    }
  }
  if (initial.stateData.case === undefined) {
    yield `initial_state setting expects state'${inputName}' to have state_data set`
  }
}

type ControlKind = keyof typeof Kind
type ControlRule = (
  control: ModelSequenceBatching_Control,
  kind: ControlKind,
  model: string,
) => Iterable<string>

/** Each input bears controls once, and each kind of control is there once. */
function* controlProblems(
  { controlInput }: ModelSequenceBatching,
  kind: ControlKind,
  model: string,
  rule: ControlRule,
): Iterable<string> {
  const seen = new Set<string>()
  let found = false
  for (const { name, control } of controlInput) {
    if (name === '') yield `sequence batching control tensor must have a name for ${model}`
    if (seen.has(name)) {
      yield `sequence batching control tensor '${name}' is specified for multiple control kinds for ${model}`
    }
    seen.add(name)
    for (const one of control.filter((candidate) => candidate.kind === Kind[kind])) {
      if (found) yield `sequence batching specifies multiple ${kind} tensors for ${model}`
      found = true
      yield* rule(one, kind, model)
    }
  }
}

/** A truth value: two values of one type stand for false and true. */
function* flagProblems(
  control: ModelSequenceBatching_Control,
  kind: ControlKind,
  model: string,
): Iterable<string> {
  const where = `for ${kind} for ${model}`
  const given = Object.entries(pairsOf(control)).filter(([, values]) => values.length > 0)
  const [first] = given
  if (first === undefined) {
    yield `sequence batching must specify either 'int32_false_true', 'fp32_false_true' or 'bool_false_true' ${where}`
  }
  if (given.length > 1) {
    yield `sequence batching specifies more than one from 'int32_false_true', 'fp32_false_true' and 'bool_false_true' ${where}`
  }
  if (first !== undefined && first[1].length !== 2) {
    yield `sequence batching control '${first[0]}' must have exactly 2 entries ${where}`
  }
}

/** An identifier: its type is told, no values are. */
function* idProblems(
  control: ModelSequenceBatching_Control,
  kind: ControlKind,
  model: string,
): Iterable<string> {
  if (Object.values(pairsOf(control)).some(({ length }) => length > 0)) {
    yield `sequence batching must not specify either 'int32_false_true', 'fp32_false_true' or 'bool_false_true' for ${kind} for ${model}`
  }
  if (!ID_TYPES.has(control.dataType)) {
    yield `unexpected data type for control ${kind} for ${model}. Allowed data types are TYPE_UINT64, TYPE_INT64, TYPE_UINT32, TYPE_INT32 and TYPE_STRING`
  }
}

const pairsOf = (control: ModelSequenceBatching_Control): Record<string, readonly unknown[]> => ({
  int32_false_true: control.int32FalseTrue,
  fp32_false_true: control.fp32FalseTrue,
  bool_false_true: control.boolFalseTrue,
})

const ID_TYPES: ReadonlySet<DataType> = new Set([
  DataType.TYPE_UINT64,
  DataType.TYPE_INT64,
  DataType.TYPE_UINT32,
  DataType.TYPE_INT32,
  DataType.TYPE_STRING,
])
