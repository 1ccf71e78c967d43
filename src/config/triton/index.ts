/** Model configurations of Triton: `config.pbtxt`, and the same in JSON. */

export { type AmountsTo, modelConfigOfTriton } from './model-config.ts'
export { parseTritonConfig, parseTritonConfigJson } from './parse.ts'
export { tritonConfigJson } from './to-json.ts'
export type { TritonConfig } from './triton-config.ts'
export { validateTritonConfig } from './validate.ts'
