import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inFewWords } from './library-words.ts'

const cases = [
  {
    name: 'a provider whose library is missing',
    message:
      '/onnxruntime_src/onnxruntime/core/session/provider_bridge_ort.cc:1988 onnxruntime::Provider& onnxruntime::ProviderLibrary::Get() [ONNXRuntimeError] : 1 : FAIL : Failed to load library /srv/app/lib/libonnxruntime_providers_shared.so with error: /srv/app/lib/libonnxruntime_providers_shared.so: cannot open shared object file: No such file or directory\n',
    words:
      'Failed to load library libonnxruntime_providers_shared.so with error: libonnxruntime_providers_shared.so: cannot open shared object file: No such file or directory',
  },
  {
    name: 'a model file that is no protobuf',
    message: 'Load model from /srv/models/churn.onnx failed:Protobuf parsing failed.',
    words: 'Load model from churn.onnx failed:Protobuf parsing failed.',
  },
  {
    name: 'a run that refuses its input',
    message:
      "Non-zero status code returned while running Gather node. Name:'/encoder/Gather' Status Message: indices element out of data bounds, idx=9 must be within the inclusive range [-3,2]",
    words:
      "Non-zero status code returned while running Gather node. Name:'Gather' Status Message: indices element out of data bounds, idx=9 must be within the inclusive range [-3,2]",
  },
  { name: 'only the first line', message: 'wrong\nat 0x7f00', words: 'wrong' },
  { name: 'words without a path', message: 'a/b is 1/2', words: 'a/b is 1/2' },
]

for (const { name, message, words } of cases) {
  test(`the library's words lose their place and keep their sense: ${name}`, () => {
    assert.equal(inFewWords(message), words)
  })
}
