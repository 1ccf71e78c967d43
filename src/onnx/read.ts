/** Reading a model's file. What is wrong with the file is said here, what is wrong inside in `model.ts`. */
import { closeSync, constants, fstatSync, openSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { fail, ServingError } from '../errors.ts'
import { type OnnxModel, parseOnnx } from './model.ts'
import { readThrough } from './read-through.ts'

/**
 * Opens and reads a model. Its bytes stay in memory as long as the model does.
 * Fails with MODEL_UNREADABLE when there is no readable ONNX model at this path.
 */
export async function readOnnx(path: string): Promise<OnnxModel> {
  const name = basename(path)
  const bytes = await readBytes(path, name)
  return parseOnnx(bytes, { name, folder: dirname(path) })
}

export interface ModelBytes {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** SHA-256 in hex. */
  readonly sha256: string
}

/**
 * Opens a model's file once and reads it to its end. Holds the thread, which is to be one of its own;
 * what `between` throws, which is called between pieces, ends it.
 * Fails with MODEL_UNREADABLE when there is no readable file at this path.
 */
export function readModelBytes(path: string, between: () => void): ModelBytes {
  return withModelFile(path, (descriptor, size) => {
    const bytes = new Uint8Array(size)
    const room = (at: number, most: number) => bytes.subarray(at, at + most)
    const read = readThrough({ descriptor, size, room, between })
    return { bytes: bytes.subarray(0, read.bytes), sha256: read.sha256 }
  })
}

/** Opens a model's file for as long as it is looked at. Holds the thread. */
export function withModelFile<T>(path: string, look: (descriptor: number, size: number) => T): T {
  const name = basename(path)
  let descriptor: number | undefined
  try {
    descriptor = openSync(path, openFlags)
    const status = fstatSync(descriptor)
    const refusal = refuseFile(name, {
      isFile: status.isFile(),
      isDirectory: status.isDirectory(),
      size: status.size,
    })
    if (refusal !== undefined) throw refusal
    return look(descriptor, status.size)
  } catch (cause) {
    throw isSystemError(cause) ? unreadable(name, cause) : cause
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

/** Without O_NONBLOCK the opening of a pipe waits for a writer. */
const openFlags = constants.O_RDONLY | constants.O_NONBLOCK

const isSystemError = (thrown: unknown): boolean =>
  typeof (thrown as Partial<NodeJS.ErrnoException> | undefined)?.syscall === 'string'

/** Protobuf counts bytes in 31 bits, and so does the runtime. */
export const maxFileBytes = 2 ** 31 - 1

/** What is wrong with a file of this kind and size, before any of it is read. */
export function refuseFile(
  name: string,
  file: { isFile: boolean; isDirectory: boolean; size: number },
) {
  const expected = 'expected an ONNX file'
  if (file.isDirectory) {
    return fail('MODEL_UNREADABLE', {
      problem: `${name} cannot be read: ${expected}, got a directory`,
      hint: 'name the .onnx file in it',
    })
  }
  if (!file.isFile) {
    return fail('MODEL_UNREADABLE', {
      problem: `${name} cannot be read: ${expected}, got a pipe, a socket or a device`,
      hint: 'copy it to a file first',
    })
  }
  if (file.size > maxFileBytes) {
    return fail('MODEL_UNREADABLE', {
      problem: `${name} is too large: expected at most ${maxFileBytes} bytes, where protobuf ends, got ${file.size}`,
      hint: 'save the weights as external data: onnx.save_model(model, path, save_as_external_data=True)',
    })
  }
  return undefined
}

async function readBytes(path: string, name: string): Promise<Uint8Array> {
  let handle: FileHandle | undefined
  try {
    handle = await open(path, openFlags)
    const status = await handle.stat()
    const refusal = refuseFile(name, {
      isFile: status.isFile(),
      isDirectory: status.isDirectory(),
      size: status.size,
    })
    if (refusal !== undefined) throw refusal
    return await handle.readFile()
  } catch (cause) {
    if (cause instanceof ServingError) throw cause
    throw unreadable(name, cause)
  } finally {
    await handle?.close()
  }
}

function unreadable(name: string, cause: unknown): ServingError {
  const code = (cause as NodeJS.ErrnoException).code ?? 'an unknown error'
  const [got, hint] = troubles[code] ?? [code, 'see the log for the cause']
  return fail(
    'MODEL_UNREADABLE',
    { problem: `${name} cannot be read: expected an ONNX file, got ${got}`, hint },
    cause,
  )
}

const troubles: Readonly<Record<string, readonly [string, string]>> = {
  ENOENT: ['nothing of that name', 'check the path'],
  ENOTDIR: ['a path through something that is no folder', 'check the path'],
  ELOOP: ['symbolic links that go round in a circle', 'check the path'],
  EACCES: ['no permission', 'let the user that runs the server read it'],
  EPERM: ['no permission', 'let the user that runs the server read it'],
  EMFILE: ['no file handle left', 'raise the limit of open files: ulimit -n'],
  EIO: ['an error of the disk', 'check the disk or the network share'],
}
