/** Model configurations of Triton. */
export type TritonConfig = Readonly<Record<string, unknown>>
