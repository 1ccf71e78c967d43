/**
 * What ONNX Runtime 1.30 loads. Found by loading one-node models with the library
 * (onnxruntime 1.30.0 from PyPI, CPU), one for each version around the limit:
 * - IR 13 loads and 14 does not; a model without an IR version does not
 * - opset 26 of ONNX loads, 27 does not ("is under development"); 0 does not, 1 does
 * - ai.onnx.ml: 5 loads, 6 does not; com.microsoft: 1 loads, 2 does not; and so on below
 * - a version too new is refused even where no node uses the domain
 * - a model that imports no opset at all is refused, one that leaves out a domain below is not
 * - a domain that is not below may be imported, but its operators are "not a registered function/op"
 */
export interface RuntimeLimits {
  readonly runtime: string
  readonly irVersion: number
  /** The newest opset of each domain whose operators it carries. */
  readonly opsets: ReadonlyMap<string, number>
}

export const limits: RuntimeLimits = {
  runtime: 'ONNX Runtime 1.30',
  irVersion: 13,
  opsets: new Map([
    ['', 26],
    ['ai.onnx.ml', 5],
    ['ai.onnx.training', 1],
    ['ai.onnx.preview', 1],
    ['ai.onnx.preview.training', 1],
    ['com.microsoft', 1],
    ['com.microsoft.experimental', 1],
    ['com.microsoft.nchwc', 1],
    ['com.ms.internal.nhwc', 26],
    ['org.pytorch.aten', 1],
  ]),
}

/** ONNX's own domain has two names. */
export const domainName = (domain: string): string => (domain === 'ai.onnx' ? '' : domain)

/** As it is shown: the empty name is ONNX's own. */
export const shownDomain = (domain: string): string => domainName(domain) || 'ai.onnx'
