import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { HandClock } from '../clock.ts'
import { BufferedOutput } from './output.ts'

test('little text waits for company, for a moment', async (t) => {
  const { output, clock, read } = setUp(t)
  output.write('one\n')
  output.write('two\n')
  clock.advance(99)
  assert.equal(read(), '')
  clock.advance(1)
  await output.flush()
  assert.equal(read(), 'one\ntwo\n')
})

test('much text is written without waiting, in its order', async (t) => {
  const { output, read } = setUp(t)
  const lines = Array.from({ length: 50_000 }, (_, i) => `line ${i}\n`)
  for (const line of lines) output.write(line)
  await output.close()
  assert.equal(read(), lines.join(''))
})

test('flush waits for what came before it, also while a write is under way', async (t) => {
  const { output, read } = setUp(t)
  output.write(`${'x'.repeat(5000)}\n`)
  output.write('late\n')
  const flushed = output.flush()
  output.write('later\n')
  await flushed
  assert.match(read(), /x\nlate\n/)
})

test('flushSync writes at once, and nobody who waits is forgotten', async (t) => {
  const { output, read } = setUp(t)
  output.write(`${'x'.repeat(5000)}\n`)
  output.write('last words\n')
  const flushed = output.flush()
  output.flushSync()
  assert.match(read(), /last words\n/)
  await flushed
  assert.equal(read().length, 5001 + 'last words\n'.length)
})

test('after close every line is written at once', async (t) => {
  const { output, read } = setUp(t)
  await output.close()
  output.write('after\n')
  assert.equal(read(), 'after\n')
})

test('a reader that does not keep up costs lines, which are counted, and no memory without end', async (t) => {
  const { output, lost, read } = setUp(t)
  const line = `${'x'.repeat(1023)}\n`
  // no turn of the loop in between: the first write cannot end
  for (let i = 0; i < 10_000; i++) output.write(line)
  await output.close()
  assert.ok(lost.length > 0)
  const written = read().length / line.length
  assert.equal(written + lost.reduce((sum, count) => sum + count, 0), 10_000)
})

test('a destination that is gone loses lines and nothing else', async (t) => {
  const { output, fd } = setUp(t)
  closeSync(fd)
  output.write('lost\n')
  await output.flush()
  output.write('lost too\n')
  await output.close()
})

test('a process that ends by itself has written its log', () => {
  assert.equal(run("log.info('one'); log.info('two')"), 2)
})

test('a process that exits writes its log when it closes it first', () => {
  assert.equal(run("log.info('one'); await log.close(); log.info('two'); process.exit(0)"), 2)
})

test('a process that dies keeps its last words with flushSync', () => {
  assert.equal(run("log.error('one'); log.flushSync(); process.exit(0)"), 1)
})

for (const [kind, before] of [
  ['blocking', ''],
  // Node makes the pipe non-blocking when it opens the stream
  ['non-blocking', 'process.stderr;'],
]) {
  test(`a full ${kind} pipe whose reader is slow loses nothing`, async () => {
    const child = spawn(process.execPath, [
      ...flags,
      script(
        `${before} for (let i = 0; i < 20000; i++) log.info('a line of some length', { i }); await log.close()`,
      ),
    ])
    await new Promise((resolve) => child.stderr.once('readable', resolve))
    let text = ''
    for await (const chunk of child.stderr) text += chunk
    assert.equal(text.split('\n').length - 1, 20_000)
    assert.match(text, /i=19999\n$/)
  })
}

function setUp(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-output-'))
  const file = join(folder, 'log')
  const fd = openSync(file, 'a')
  t.after(() => rmSync(folder, { recursive: true }))
  const clock = new HandClock()
  const lost: number[] = []
  return {
    fd,
    clock,
    lost,
    output: new BufferedOutput(fd, clock, (lines) => lost.push(lines)),
    read: () => readFileSync(file, 'utf8'),
  }
}

const flags = ['--input-type=module', '-e']

const script = (body: string) =>
  `import { createLog } from ${JSON.stringify(new URL('./create-log.ts', import.meta.url).href)}
   const log = createLog({ level: 'info', format: 'text', destination: 2 })
   ${body}`

/** How many lines a process with this script writes to stderr. */
function run(body: string): number {
  const text = execFileSync(
    '/bin/sh',
    ['-c', '"$0" "$@" 2>&1', process.execPath, ...flags, script(body)],
    {
      encoding: 'utf8',
    },
  )
  return text.split('\n').length - 1
}
