/** The shape of one question to the machine: phases run in turn, metrics computed within a round. */

/** What one phase of one round gave. */
export interface Sample {
  readonly requests: number
  readonly seconds: number
  readonly p50Ms: number
  readonly p99Ms?: number
  /** Quantile 0.99 of how late an open loop sent what it had to send. */
  readonly sentLateP99Ms?: number
  /** Of the process tree under test, driver and neighbours excluded. */
  readonly cpuSeconds?: number
  readonly driverCpuSeconds?: number
  /** Quantile 0.99 of the event loop's delay, the sampling interval included. */
  readonly loopP99Ms?: number
  /** What else was found in a phase, by name. */
  readonly figures?: Readonly<Record<string, number>>
}

export type Samples = Readonly<Record<string, Sample>>

export interface Metric {
  readonly name: string
  readonly unit: '' | 'ms'
  readonly better: 'less' | 'more'
  readonly bar?: number
  /** Metrics of one claim are alternatives. Without it a metric is a claim of its own. */
  readonly claim?: string
  /** Of the samples of one round, by the names of the phases. */
  value(samples: Samples): number
}

export interface Question {
  readonly name: string
  /** The rate of a short bare run, which tells whether the machine is as it was. */
  calibrate(seconds: number): Promise<number>
  readonly phases: readonly { readonly name: string; run(seconds: number): Promise<Sample> }[]
  readonly metrics: readonly Metric[]
  /** What was found out while opening, for the record. */
  readonly notes: Readonly<Record<string, unknown>>
  close(): Promise<void>
}

export const rate = (sample: Sample): number => sample.requests / sample.seconds

/** Processor microseconds per request. */
export function cpuUs({ cpuSeconds, requests }: Sample): number {
  if (cpuSeconds === undefined) throw new Error('processor time was not measured')
  return (cpuSeconds * 1e6) / requests
}

export function figure(samples: Samples, phase: string, name: string): number {
  const value = sampleOf(samples, phase).figures?.[name]
  if (value === undefined) throw new Error(`phase ${phase} has no figure ${name}`)
  return value
}

export function sampleOf(samples: Samples, phase: string): Sample {
  const sample = samples[phase]
  if (sample === undefined) throw new Error(`no phase ${phase}`)
  return sample
}
