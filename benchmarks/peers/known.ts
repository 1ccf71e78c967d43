/** The peers, and how each is asked. What each is made of stands in `peers/NAME/`. */
import type { Format } from '../requests.ts'
import type { workloads } from '../workloads.ts'

export type Asked = 'tiny' | 'cnn' | 'encoder64'

/** How a request looks: text, or raw elements. */
export type Wire = 'json' | 'binary'

export interface Peer {
  readonly name: string
  /** The peer whose Python environment it shares; its own where left out. */
  readonly environment?: string
  /** Whose versions are told. */
  readonly packages: readonly string[]
  /** Other programs it needs. */
  readonly needs?: readonly string[]
  /** How it is asked, by model and wire; what is left out it cannot be asked. */
  readonly formats: Partial<Record<`${Asked}, ${Wire}`, Format>>
}

const inJson = { 'tiny, json': 'oip', 'encoder64, json': 'oip' } as const
const inBoth = { ...inJson, 'tiny, binary': 'binary', 'cnn, binary': 'binary' } as const
const triton = ['nvidia-pytriton', 'onnxruntime']

export const peers: readonly Peer[] = [
  {
    name: 'fastapi',
    packages: ['fastapi', 'uvicorn', 'uvloop', 'httptools', 'orjson', 'onnxruntime'],
    formats: inBoth,
  },
  { name: 'triton', packages: triton, formats: inBoth },
  { name: 'kserve', packages: ['kserve', 'onnxruntime'], formats: inBoth },
  { name: 'mlserver', packages: ['mlserver', 'onnxruntime'], formats: inJson },
  {
    name: 'bentoml',
    packages: ['bentoml', 'onnxruntime'],
    formats: {
      'tiny, json': 'bentoml',
      'encoder64, json': 'bentoml',
      'cnn, binary': 'bentomlRaw',
    },
  },
  { name: 'litserve', packages: ['litserve', 'onnxruntime'], formats: inJson },
  { name: 'pytriton', environment: 'triton', packages: triton, formats: inBoth },
  { name: 'ray', packages: ['ray', 'onnxruntime'], formats: inBoth },
  { name: 'mlflow', packages: ['mlflow', 'onnxruntime'], formats: { 'tiny, json': 'mlflow' } },
  {
    name: 'torchserve',
    packages: ['torchserve', 'torch', 'onnxruntime'],
    needs: ['java'],
    formats: {
      'tiny, json': 'torchserve',
      'encoder64, json': 'torchserve',
      'cnn, binary': 'torchserveRaw',
    },
  },
]

/** Those that are asked where none are named: what is installed within a minute or two. */
export const usual = ['fastapi', 'triton', 'kserve', 'mlserver', 'bentoml', 'litserve']

export const formatOf = (peer: Peer, model: Asked, wire: Wire): Format | undefined =>
  peer.formats[`${model}, ${wire}`]

/** Every model here is a workload. */
export type AskedWorkload = (typeof workloads)[Asked]
