/** Where results go: raw figures into a file, those of record also into their place in README.md. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Environment } from './environment.ts'
import { between } from './table.ts'

export interface Kept {
  /** What the JSON file holds. */
  readonly results: { readonly environment: Environment }
  /** What README.md shows. */
  readonly page: string
  readonly ofRecord: boolean
  /** Of records, below this folder; all others go to `results/local/`, which git ignores. */
  readonly folder: string
  /** Before the date, of what is not of record. */
  readonly prefix?: string
  /** README.md has a place between `<!-- results -->` and `<!-- /results -->`. */
  readonly marker: string
}

export function keep({ results, page, ofRecord, folder, prefix = '', marker }: Kept): void {
  const place = join(import.meta.dirname, ofRecord ? folder : 'results/local')
  mkdirSync(place, { recursive: true })
  const date = results.environment.date.replaceAll(/[:.]/g, '-')
  const file = join(place, `${ofRecord ? '' : prefix}${date}.json`)
  writeFileSync(file, `${JSON.stringify(results, undefined, 1)}\n`)
  if (ofRecord) {
    const readme = join(import.meta.dirname, 'README.md')
    const now = readFileSync(readme, 'utf8')
    writeFileSync(readme, between(now, `<!-- ${marker} -->`, `<!-- /${marker} -->`, page))
  }
  console.log(page)
  console.error(`raw figures: ${file}`)
}
