export { answerText } from './answer-text.ts'
export {
  type AskedModel,
  type Outcome,
  type Problem,
  problemOf,
  WrongUsage,
} from './asked-model.ts'
export { exampleCommand } from './example.ts'
export { type LocalModel, type LocalOptions, loadLocal, openLocal } from './local.ts'
export { type Question, type QuestionSources, readQuestion } from './question.ts'
export { openRemote } from './remote.ts'
export { type Target, targetOf } from './target.ts'
export { unreachable } from './unreachable.ts'
