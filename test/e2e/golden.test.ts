/** Plays every exchange of `test/golden` against the real server. */
import assert from 'node:assert/strict'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { differences, parseGolden, rewritten, send } from '../golden/exchange.ts'
import { askedModels, controlledModels } from '../golden/models.ts'
import { type Server, startServer } from './server.ts'

const folder = join(import.meta.dirname, '../golden')

/** The folders of exchanges, and the server that each is played against, in the order of the files. */
const servers: Readonly<Record<string, () => Promise<Server>>> = {
  '{open-inference,plain}': () => startServer([askedModels()]),
  control: () => {
    const control = ['--model-control-mode', 'explicit', '--load-model', 'sums']
    return startServer([controlledModels(), ...control])
  },
}

for (const [folders, start] of Object.entries(servers)) {
  describe(`the server answers as it always did: ${folders}`, () => {
    let server: Server
    before(async () => {
      server = await start()
    })
    after(() => server.process.end())

    for (const file of globSync(`${folders}/*.http`, { cwd: folder }).sort()) {
      it(file, async () => {
        const path = join(folder, file)
        const golden = parseGolden(readFileSync(path, 'utf8'))
        const came = await send(server.port, golden)
        const different = differences(golden.response, came)
        if (process.env.UPDATE_GOLDEN !== '1') assert.equal(different.join('\n'), '')
        else if (different.length > 0) writeFileSync(path, rewritten(golden, came))
      })
    }
  })
}

describe('an exchange that differs is found', () => {
  const came = { status: 200, headers: { 'x-a': 'b' }, body: Buffer.from('{"n":1.5,"t":"x"}\x00') }
  const cases: readonly (readonly [string, string, RegExp | undefined])[] = [
    ['nowhere', '200\nx-a: b\n\n{"n":{{number}},"t":"{{text}}"}\\x00\n', undefined],
    [
      'by its status',
      '201\n\n{"n":{{number}},"t":"{{text}}"}\\x00\n',
      /^status: expected 201, got 200$/,
    ],
    ['by a header', '200\nx-a: c\n\n{"n":1.5,"t":"x"}\\x00\n', /^x-a: expected c, got b$/],
    ['by a header it lacks', '200\nx-b: c\n\n{"n":1.5,"t":"x"}\\x00\n', /got undefined$/],
    ['by its body', '200\n\n{"n":1.5,"t":"y"}\\x00\n', /^body: expected/],
    ['by what stands for a number', '200\n\n{"n":1.5,"t":"{{number}}"}\\x00\n', /^body: expected/],
  ]
  for (const [name, response, difference] of cases) {
    it(name, () => {
      const golden = parseGolden(`GET /x\n-----\n${response}`)
      const found = differences(golden.response, came).join('\n')
      if (difference === undefined) assert.equal(found, '')
      else assert.match(found, difference)
    })
  }
})
