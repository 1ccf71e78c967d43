/** The documentation page of the real server, in a real browser. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type Browser, chromium, type Page } from 'playwright-core'
import { type Server, startServer } from '../e2e/server.ts'

const models = join(import.meta.dirname, '../../examples/models')
const executablePath = process.env.SLUICE_TEST_CHROMIUM ?? '/usr/bin/chromium'
const skip = existsSync(executablePath) ? false : `there is no chromium at ${executablePath}`

describe('the documentation page', { skip }, () => {
  let server: Server
  let browser: Browser
  let page: Page
  const complaints: string[] = []
  const requested: string[] = []

  before(async () => {
    server = await startServer([models])
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
    page = await browser.newPage({ viewport: { width: 1200, height: 1600 } })
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('request', (request) => requested.push(request.url()))
    page.on('requestfailed', (request) => complaints.push(`failed: ${request.url()}`))
    await page.goto(`http://127.0.0.1:${server.port}/docs`)
    await page.locator('.opblock').first().waitFor()
  })
  after(async () => {
    await browser?.close()
    await server?.process.end()
  })

  it('shows an operation of each model, with its inputs', async () => {
    const paths = await page.locator('.opblock-summary-path').allInnerTexts()
    const plain = paths.map((path) => path.replaceAll('\u200b', ''))
    for (const model of ['breast-cancer', 'diabetes', 'diabetes-linear', 'digits', 'iris']) {
      assert.ok(plain.includes(`/predict/${model}`), `${model} in ${plain.join(' ')}`)
    }
    const iris = operation()
    await iris.locator('.opblock-summary').click()
    await iris.locator('.opblock-body').waitFor()
    const words = await iris.locator('.opblock-body').textContent()
    for (const field of ['sepal_length', 'sepal_width', 'petal_length', 'petal_width']) {
      assert.ok(words?.includes(field), `${field} in ${words}`)
    }
  })

  it('asks the model with "Try it out", and shows the answer', async () => {
    const iris = operation()
    await iris.getByRole('button', { name: 'Try it out' }).click()
    const answered = page.waitForResponse((response) => response.url().endsWith('/predict/iris'))
    await iris.getByRole('button', { name: 'Execute' }).click()
    const response = await answered
    assert.equal(response.status(), 200)
    const { prediction } = (await response.json()) as { prediction: string }
    assert.ok(['setosa', 'versicolor', 'virginica'].includes(prediction), prediction)

    const shown = iris.locator('.live-responses-table .response').first()
    await shown.waitFor()
    const words = (await shown.textContent()) ?? ''
    assert.match(words, /^200/)
    assert.match(words, new RegExp(`"prediction": "${prediction}"`))
  })

  it('asks the model by CSV', async () => {
    const iris = operation()
    await iris.locator('.opblock-section-request-body select').first().selectOption('text/csv')
    const answered = page.waitForResponse((response) => response.url().endsWith('/predict/iris'))
    await iris.getByRole('button', { name: 'Execute' }).click()
    const response = await answered
    assert.equal(response.request().headers()['content-type'], 'text/csv')
    assert.equal(response.status(), 200, await response.text())
    const { prediction } = (await response.json()) as { prediction: readonly string[] }
    assert.equal(prediction.length, 2)
  })

  it('asks nobody but this server, and has nothing to complain of', async () => {
    // to be looked at by whoever changes the page
    await page.screenshot({ path: join(tmpdir(), 'sluice-docs.png'), fullPage: true })
    const own = `http://127.0.0.1:${server.port}/`
    const others = requested.filter((url) => !url.startsWith(own) && !url.startsWith('data:'))
    assert.deepEqual(others, [])
    assert.ok(requested.some((url) => url === `${own}openapi.json`))
    assert.deepEqual(complaints, [])
  })

  const operation = () =>
    page.locator('.opblock', { has: page.locator('[data-path="/predict/iris"]') })
})
