/** What is told of the executors of one version whose number goes by what comes. */
import type { ScalingExplained, ScalingInputs } from '../executor-figures.ts'

export function autoscalerRow(explained: ScalingExplained) {
  const { model, version, executors, minimum, maximum, dryRun, decision } = explained
  return {
    name: model,
    version,
    executors,
    minimum,
    maximum,
    dry_run: dryRun,
    ...(decision !== undefined && {
      decision: {
        executors: decision.executors,
        why: decision.why,
        inputs: inputsRow(decision.inputs),
      },
    }),
  }
}

/** What is not known is left out. */
const inputsRow = (inputs: ScalingInputs) => ({
  rows_per_second: round(inputs.rowsPerSecond),
  rows_per_second_over_ten: round(inputs.rowsPerTenSeconds),
  row_ms: round(inputs.rowMs),
  run_ms: round(inputs.runMs),
  wait_ms: round(inputs.waitMs),
  budget_ms: round(inputs.budgetMs),
  needed_for_load: round(inputs.neededForLoad),
  needed_for_bursts: round(inputs.neededForBursts),
})

const round = (value: number | undefined): number | undefined =>
  value === undefined ? undefined : Number(value.toPrecision(6))
