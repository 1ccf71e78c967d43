/**
 * The page of the API for people: Swagger UI over /openapi.json. Everything it needs comes from
 * this server, out of the npm package swagger-ui-dist; nothing is asked of the internet.
 *
 * The page is served at `/docs`, without a slash behind it, and its assets below `/docs/assets/`.
 * All its links are relative, so that a proxy may put the server below a path of its own.
 */
import { readFile } from 'node:fs/promises'

export interface DocsAsset {
  readonly body: Buffer
  readonly contentType: string
}

/** To be sent with the page. Swagger UI sets styles in elements, and draws icons from data URLs. */
export const docsSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

export function docsPage(): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sluice: the API</title>
<link rel="icon" type="image/png" sizes="32x32" href="docs/assets/favicon-32x32.png">
<link rel="stylesheet" href="docs/assets/swagger-ui.css">
<link rel="stylesheet" href="docs/assets/docs.css">
</head>
<body>
<header>
<p>Every model served here, with what it takes and gives. Open one, choose <b>Try it out</b>, then
<b>Execute</b>: the example is a valid request, and the <code>curl</code> line shown with the answer
can be pasted into a shell. The same description is for machines in
<a href="openapi.json">openapi.json</a>.</p>
</header>
<noscript><p>This page needs JavaScript; <a href="openapi.json">openapi.json</a> does not.</p></noscript>
<main id="swagger-ui"></main>
<script src="docs/assets/swagger-ui-bundle.js"></script>
<script src="docs/assets/init.js"></script>
</body>
</html>
`
}

/** Gives the assets of the page by name, and nothing else. A file is read when first asked for. */
export function createDocsAssets(): (name: string) => Promise<DocsAsset | undefined> {
  const read = new Map<string, Promise<DocsAsset>>()
  return (name) => {
    const kept = read.get(name)
    if (kept !== undefined) return kept
    const source = sources.get(name)
    if (source === undefined) return Promise.resolve(undefined)
    const asset = load(source)
    read.set(name, asset)
    asset.catch(() => read.delete(name)) // the next one who asks tries again
    return asset
  }
}

type Source = { readonly contentType: string; readonly text?: string; readonly file?: string }

async function load({ contentType, text, file }: Source): Promise<DocsAsset> {
  if (file === undefined) return { body: Buffer.from(text ?? ''), contentType }
  const url = new URL(file, import.meta.resolve('swagger-ui-dist/package.json'))
  return { body: await readFile(url), contentType }
}

const script = 'text/javascript; charset=utf-8'
const style = 'text/css; charset=utf-8'

const sources: ReadonlyMap<string, Source> = new Map<string, Source>([
  ['swagger-ui.css', { contentType: style, file: 'swagger-ui.css' }],
  ['swagger-ui-bundle.js', { contentType: script, file: 'swagger-ui-bundle.js' }],
  ['favicon-32x32.png', { contentType: 'image/png', file: 'favicon-32x32.png' }],
  [
    'init.js',
    {
      contentType: script,
      // without a validator: it would send the description to a service on the internet
      text: `SwaggerUIBundle({
  url: new URL('../../openapi.json', document.currentScript.src).href,
  dom_id: '#swagger-ui',
  deepLinking: true,
  validatorUrl: null,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
})
`,
    },
  ],
  [
    'docs.css',
    {
      contentType: style,
      text: `body { margin: 0; background: #fafafa; }
header, noscript { display: block; box-sizing: border-box; max-width: 1460px; margin: 0 auto; padding: 1rem 20px 0; font: 15px/1.5 sans-serif; color: #3b4151; }
header p { max-width: 60rem; margin: 0; }
`,
    },
  ],
])
