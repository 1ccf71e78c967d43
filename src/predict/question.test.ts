import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readQuestion } from './question.ts'

describe('a question', () => {
  for (const [input, contentType, body] of [
    ['[5.1, 3.5]', 'application/json', '{"features":[5.1, 3.5]}'],
    ['{"age": 3}', 'application/json', '{"features":{"age": 3}}'],
    ['9007199254740993', 'application/json', '{"features":9007199254740993}'],
    ['{"features": [1]}', 'application/json', '{"features": [1]}'],
    ['{"inputs": {"a": 1}}', 'application/json', '{"inputs": {"a": 1}}'],
    ['-', 'application/json', '{"features":[7]}'],
    ['@rows.json', 'application/json', '{"features":[[1],[2]]}'],
    ['@ROWS.CSV', 'text/csv', '4,5\n'],
  ] as const) {
    it(`is made of ${input}`, async () => {
      const question = await readQuestion(input, sources)
      assert.deepEqual(
        [question.contentType, Buffer.from(question.bytes).toString()],
        [contentType, body],
      )
    })
  }

  for (const [input, message, hint] of [
    ['[1,', /^--input is not JSON: unexpected end/, /quote it for the shell/],
    ['', /^--input is not JSON: it is empty$/, /quote it/],
    ['rows.csv', /^--input is not JSON/, /--input @rows\.csv$/],
    ['@no.json', /^no\.json: there is no such file$/, /^undefined$/],
    ['@rows.txt', /^rows\.txt is not JSON/, /CSV is read from files whose names end in \.csv/],
  ] as const) {
    it(`is refused where the input is ${JSON.stringify(input)}`, async () => {
      await assert.rejects(readQuestion(input, sources), (error: Error & { hint?: string }) => {
        assert.match(error.message, message)
        assert.match(`${error.hint}`, hint)
        return true
      })
    })
  }
})

const files: Readonly<Record<string, string>> = {
  'rows.json': '\ufeff[[1],[2]]',
  'ROWS.CSV': '4,5\n',
  'rows.txt': '4,5\n',
}

const sources = {
  readStdin: () => Promise.resolve(Buffer.from('[7]')),
  async readFile(path: string) {
    const text = files[path]
    if (text === undefined) throw Object.assign(new Error(path), { code: 'ENOENT' })
    return Buffer.from(text)
  },
}
