/**
 * The memory that a model takes once it is loaded.
 *
 * Measured with ONNX Runtime 1.30 on CPU (Linux, glibc), as the growth of the resident memory by a
 * session after what was free had been given back to the system, over the sizes below:
 *
 * | | file, MiB | session, MiB |
 * |---|---|---|
 * | Identity; an MLP of 50 KB | 0.0; 0.05 | 0.07; 0.16 |
 * | 3000 nodes without weights | 0.14 | 8.8: 3 KiB a node |
 * | SqueezeNet; a transformer of 6 layers | 4.7; 85 | 5.2; 86 |
 * | MatMul, Gemm, Conv, LSTM, Gather, MatMulInteger | 20 to 100 | the same, within 2 % |
 * | MatMul of FP16, which the CPU turns into FP32 | 10 | 20 |
 * | a forest of 300 trees; an SVM of 20000 vectors | 38; 19 | 215; 46: 5.6 and 2.4 times |
 *
 * Numbers that nodes make when the model is loaded are not seen: a VGG19 of 9 KB, whose weights are
 * nodes of ConstantOfShape, takes 518 MiB. While it is loaded a model takes twice its weights, three
 * times where they are convolutions, and a forest 13 times its file. Where the C library is not
 * glibc, some of that is not given back to the system.
 */
export interface Sizes {
  /** Of the model's file and of its external data, in bytes. */
  readonly files: number
  readonly nodes: number
  /** Of the attributes of operators of classical models, of `ai.onnx.ml`. */
  readonly classical: number
  /** Of weights that are FP16 or BF16. */
  readonly half: number
}

export const memoryOf = ({ files, nodes, classical, half }: Sizes): number =>
  Math.round(session + perNode * nodes + files + half + perClassical * classical)

/** In bytes. */
export interface MemoryRange {
  readonly low: number
  readonly high: number
}

/**
 * Before the first run, and after some with eight rows, which keep memory for the next: SqueezeNet 9
 * MiB, a transformer of 6 layers 18, convolutions of 99 MiB 6, a tiny model 0.3.
 */
export function memoryRange(sizes: Sizes): MemoryRange {
  const low = memoryOf(sizes)
  return { low, high: low + Math.min(2 * low, mostKept) }
}

const mostKept = 32 * 2 ** 20

const session = 0.41 * 2 ** 20
const perNode = 3 * 2 ** 10

/** Beside the bytes themselves; of forests, which are far more common than vectors. */
const perClassical = 4.6
