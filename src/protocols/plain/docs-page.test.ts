import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import { createDocsAssets, docsPage, docsSecurityPolicy } from './docs-page.ts'

describe('the docs page', () => {
  it('asks for nothing but assets that are served', async () => {
    const asset = createDocsAssets()
    const links = [...docsPage().matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link ?? '')
    const assets = links.filter((link) => link.startsWith('docs/assets/'))
    assert.deepEqual(
      new Set(links.filter((link) => !assets.includes(link))),
      new Set(['openapi.json']),
    )
    assert.equal(assets.length, 5)
    for (const link of assets) {
      const found = await asset(link.slice('docs/assets/'.length))
      assert.ok(found !== undefined && found.body.length > 0, link)
    }
  })

  it('has no script of its own, which its policy would not run', () => {
    assert.doesNotMatch(docsPage(), /<script(?![^>]* src=)|\son\w+=/)
    assert.match(docsSecurityPolicy, /script-src 'self'(;|$)/)
    assert.doesNotMatch(docsSecurityPolicy, /https?:|\*/)
  })
})

describe('the assets', () => {
  it('have the types a browser asks for', async () => {
    const asset = createDocsAssets()
    const types = ['swagger-ui.css', 'swagger-ui-bundle.js', 'init.js', 'favicon-32x32.png'].map(
      async (name) => (await asset(name))?.contentType,
    )
    assert.deepEqual(await Promise.all(types), [
      'text/css; charset=utf-8',
      'text/javascript; charset=utf-8',
      'text/javascript; charset=utf-8',
      'image/png',
    ])
  })

  it('are read once', async () => {
    const asset = createDocsAssets()
    assert.equal(await asset('swagger-ui.css'), await asset('swagger-ui.css'))
  })

  for (const name of [
    '',
    'package.json',
    '../swagger-ui-dist/swagger-ui.css',
    './init.js',
    '__proto__',
  ]) {
    it(`do not include ${JSON.stringify(name)}`, async () => {
      assert.equal(await createDocsAssets()(name), undefined)
    })
  }
})
