import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { parseTritonConfig } from '../../config/triton/index.ts'
import { ServingError } from '../../errors.ts'
import type { Signature } from '../../signature.ts'
import { type Datatype, fp16ToNumber } from '../../tensor/index.ts'
import { readWarmUpSamples } from './warm-up-samples.ts'

const signature: Signature = {
  inputs: [
    { name: 'x', datatype: 'FP32', shape: [-1, 3] },
    { name: 'words', datatype: 'BYTES', shape: [-1, 2] },
  ],
  outputs: [],
}

const alone = (datatype: Datatype): Signature => ({
  inputs: [{ name: 'x', datatype, shape: [2] }],
  outputs: [],
})

const read = (text: string, options: { folder?: string; signature?: Signature } = {}) =>
  readWarmUpSamples(
    { triton: parseTritonConfig(text, 'config.pbtxt'), folder: options.folder ?? tmpdir() },
    options.signature ?? signature,
    counting(),
  )

const input = (name: string, more: string) => `inputs { key: "${name}" value { ${more} } }`

async function problemOf(text: string, folder?: string): Promise<string> {
  try {
    await read(text, folder === undefined ? {} : { folder })
  } catch (thrown) {
    assert.ok(thrown instanceof ServingError)
    assert.equal(thrown.reason, 'WARM_UP_FAILED')
    return thrown.message
  }
  assert.fail('it is read')
}

describe('samples of model_warmup', () => {
  it('are none where there is no config.pbtxt, or it has none', async () => {
    const folder = tmpdir()
    assert.deepEqual(await readWarmUpSamples({ folder }, signature), [])
    assert.deepEqual(await read(''), [])
  })

  it('have their name, or their number, how often they are asked, and rows of the batch size', async () => {
    const x = input('x', 'data_type: TYPE_FP32 dims: 3 zero_data: true')
    const samples = await read(`
      model_warmup { name: "first" batch_size: 2 count: 5 ${x} }
      model_warmup { batch_size: 0 ${x} }
      model_warmup { batch_size: 1 ${x} }
    `)
    assert.deepEqual(
      samples.map(({ name, count, request }) => [name, count, request.inputs[0]?.tensor.shape]),
      [
        ['first', 5, [2, 3]],
        ['3', 1, [1, 3]],
      ],
    )
  })

  it('of zeros are zeros, and empty strings, whatever the flag says', async () => {
    const [sample] = await read(`model_warmup {
      batch_size: 2
      ${input('x', 'data_type: TYPE_FP32 dims: 3 zero_data: false')}
      ${input('words', 'data_type: TYPE_STRING dims: 2 zero_data: true')}
    }`)
    const [x, words] = sample!.request.inputs
    assert.deepEqual(x, {
      name: 'x',
      tensor: { datatype: 'FP32', shape: [2, 3], data: new Float32Array(6) },
    })
    assert.deepEqual(words?.tensor.shape, [2, 2])
    assert.deepEqual([...words!.tensor.data], Array(4).fill(new Uint8Array()))
  })

  it('of random data are finite numbers, and whole ones from 0 to 9', async () => {
    const valuesOf = async (datatype: Datatype) => {
      const text = `model_warmup { batch_size: 1 ${input('x', `data_type: TYPE_${datatype} dims: 2 random_data: true`)} }`
      const [sample] = await read(text, { signature: alone(datatype) })
      return [...sample!.request.inputs[0]!.tensor.data]
    }
    assert.deepEqual(await valuesOf('FP64'), [0.25, 0.5])
    assert.deepEqual(
      (await valuesOf('FP16')).map((bits) => fp16ToNumber(bits as number)),
      [0.25, 0.5],
    )
    assert.deepEqual(await valuesOf('INT8'), [2, 5])
    assert.deepEqual(await valuesOf('UINT64'), [2n, 5n])
    assert.deepEqual(await valuesOf('BOOL'), [0, 1])
    assert.deepEqual(await valuesOf('BF16'), [0x3e80, 0x3f00])
  })

  it('of random strings are empty strings', async () => {
    const text = `model_warmup { batch_size: 1 ${input('words', 'data_type: TYPE_STRING dims: 2 random_data: true')} }`
    const [sample] = await read(text)
    assert.deepEqual(
      [...sample!.request.inputs[0]!.tensor.data],
      [new Uint8Array(), new Uint8Array()],
    )
  })

  it('of a file are its bytes, the same for every row, and no more than are needed', async (t) => {
    const folder = tree(t, { 'warmup/x.bin': bytesOf(1, 2, 3, 4) })
    const text = `model_warmup { batch_size: 2 ${input('x', 'data_type: TYPE_FP32 dims: 3 input_data_file: "x.bin"')} }`
    const [sample] = await read(text, { folder })
    const { tensor } = sample!.request.inputs[0]!
    assert.deepEqual(tensor.shape, [2, 3])
    assert.deepEqual([...tensor.data], [1, 2, 3, 1, 2, 3])
  })

  it('of a file of strings are its strings, each after its length', async (t) => {
    const words = Buffer.from('\x02\0\0\0hi\x00\0\0\0', 'latin1')
    const folder = tree(t, { 'warmup/deep/words': words })
    const text = `model_warmup { batch_size: 2 ${input('words', 'data_type: TYPE_STRING dims: 2 input_data_file: "deep/words"')} }`
    const [sample] = await read(text, { folder })
    const { tensor } = sample!.request.inputs[0]!
    assert.deepEqual(tensor.shape, [2, 2])
    const texts = (tensor.data as readonly Uint8Array[]).map((one) => Buffer.from(one).toString())
    assert.deepEqual(texts, ['hi', '', 'hi', ''])
  })

  it('have no axis for rows where the model has none', async () => {
    const text = `model_warmup { batch_size: 1 ${input('x', 'data_type: TYPE_INT32 dims: 2 zero_data: true')} }`
    const [sample] = await read(text, { signature: alone('INT32') })
    assert.deepEqual(sample?.request.inputs[0]?.tensor.shape, [2])
  })

  it('that the model has no input for are for the door to refuse', async () => {
    const text = `model_warmup { batch_size: 2 ${input('other', 'data_type: TYPE_INT32 dims: 2 zero_data: true')} }`
    const [sample] = await read(text)
    assert.equal(sample?.request.inputs[0]?.name, 'other')
  })
})

describe('a sample of model_warmup is refused', () => {
  const x = (more: string, batch = 1) =>
    `model_warmup { name: "s" batch_size: ${batch} ${input('x', more)} }`

  it('with an axis of any size, without data, or without a datatype', async () => {
    assert.equal(
      await problemOf(x('data_type: TYPE_FP32 dims: -1 zero_data: true')),
      'warm-up sample "s": warmup setting expects all variable-size dimensions are specified for input \'x\'',
    )
    assert.equal(
      await problemOf(x('data_type: TYPE_FP32 dims: 3')),
      'warm-up sample "s": warmup setting expects input \'x\' to have input_data_type set',
    )
    assert.match(await problemOf(x('dims: 3 zero_data: true')), /input "x" has no data_type$/)
  })

  it('with rows that its input has no axis for', async () => {
    assert.match(
      await problemOf(x('data_type: TYPE_FP32 dims: [ 1, 3 ] zero_data: true', 2)),
      /batch_size is 2, and input "x" has no axis for it$/,
    )
  })

  it('that would take more memory than anybody has, before any is taken', async () => {
    for (const [more, batch] of [
      ['data_type: TYPE_FP32 dims: 1000000000000 zero_data: true', 1],
      ['data_type: TYPE_STRING dims: [ 100000, 100000 ] random_data: true', 1],
      ['data_type: TYPE_FP32 dims: 3 zero_data: true', 4_000_000_000],
      ['data_type: TYPE_FP32 dims: 0 zero_data: true', 4_000_000_000],
    ] as const) {
      assert.match(await problemOf(x(more, batch)), /would take \d+ bytes, and 1073741824 are/)
    }
    const over = 'data_type: TYPE_FP32 dims: [ 4611686018427387904, 4 ] zero_data: true'
    assert.match(await problemOf(x(over)), /invalid shape/)
  })

  it('with a file that is too short, is not there, or is a folder', async (t) => {
    const folder = tree(t, { 'warmup/x.bin': bytesOf(1, 2), 'warmup/in/y.bin': bytesOf(1) })
    const of = (file: string) =>
      problemOf(x(`data_type: TYPE_FP32 dims: 3 input_data_file: "${file}"`), folder)
    assert.equal(
      await of('x.bin'),
      'warm-up sample "s": warmup setting expects 12 bytes, but the data provided from x.bin only has 8 bytes',
    )
    assert.match(await of('z.bin'), /: warmup\/z\.bin is not there$/)
    assert.match(await of('in'), /: warmup\/in is no file of the model's folder$/)
  })

  it('with a file outside of the folder, by its name or by a link', async (t) => {
    const outside = tree(t, { 'secret.bin': bytesOf(1, 2, 3) })
    const folder = tree(t, { 'config.bin': bytesOf(1, 2, 3), 'warmup/x.bin': bytesOf(1, 2, 3) })
    symlinkSync(join(outside, 'secret.bin'), join(folder, 'warmup', 'link'))
    const of = (file: string) =>
      problemOf(x(`data_type: TYPE_FP32 dims: 3 input_data_file: "${file}"`), folder)
    assert.match(await of('../config.bin'), /cannot be read: it leads out of the folder$/)
    assert.match(await of('../../secret.bin'), /cannot be read: it leads out of the folder$/)
    assert.match(await of(join(outside, 'secret.bin')), /cannot be read/)
    const link = await of('link')
    assert.match(link, /warmup\/link is no file of the model's folder$/)
    assert.ok(!link.includes(outside))
  })

  it('with strings that are not as many as its shape says', async (t) => {
    const folder = tree(t, { 'warmup/words': Buffer.from('\x01\0\0\0a', 'latin1') })
    const text = `model_warmup { name: "s" batch_size: 1 ${input('words', 'data_type: TYPE_STRING dims: 2 input_data_file: "words"')} }`
    assert.match(await problemOf(text, folder), /^warm-up sample "s": input "words" has 5 bytes/)
  })
})

/** 0.25, 0.5, 0.75, 0, and so on. */
function counting(): () => number {
  let count = 0
  return () => {
    count += 1
    return (count % 4) / 4
  }
}

const bytesOf = (...values: readonly number[]) => Buffer.from(Float32Array.from(values).buffer)

function tree(t: TestContext, files: Readonly<Record<string, Buffer>>): string {
  const root = mkdtempSync(join(tmpdir(), 'sluice-'))
  t.after(() => rmSync(root, { recursive: true }))
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), content)
  }
  return root
}
