/** Model configurations of Triton: `config.pbtxt`, and the same in JSON. */
export { checksumsOf } from './checksums.ts'
export { fillIn, fillInScheduling } from './fill-in.ts'
export { type AmountsTo, modelConfigOfTriton } from './model-config.ts'
export { parseTritonConfig, parseTritonConfigJson } from './parse.ts'
export { staysInside } from './stays-inside.ts'
export { tritonConfigJson } from './to-json.ts'
export type { TritonConfig } from './triton-config.ts'
export { validateTritonConfig } from './validate.ts'
