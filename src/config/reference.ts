/**
 * Writes docs/reference/config.md from the schemas: `node src/config/reference.ts`. A test holds
 * the committed page against `configReference()`.
 */
import { writeFileSync } from 'node:fs'
import { serveFlags } from './flags.ts'
import { jsonSchema } from './json-schema.ts'
import { type JsonSchema, type Key, keysOf, variableOf } from './keys.ts'
import { serverKeys } from './server-keys.ts'
import { unbuiltModelKeys, unbuiltServerKeys } from './unbuilt.ts'

export const referencePage = new URL('../../docs/reference/config.md', import.meta.url)

export function configReference(): string {
  return `# Configuration

<!-- Written by src/config/reference.ts from the schemas. Do not edit. -->

A server is told what to do by flags, by environment variables and by \`sluice.yaml\`, in this order
of precedence; what none of them says has a default. The file is the one that \`--config\` or
\`SLUICE_CONFIG\` names, else \`./sluice.yaml\` where there is one. One model is described by the
\`model.yaml\` in its folder. \`sluice config show\` prints the values in effect and where each comes
from, \`sluice config validate FILE\` checks a file, \`sluice config schema server|model\` prints the
JSON Schema by which editors help.

- An unknown key, a value that is not allowed and a key whose feature is not built yet are errors:
  the command names every one of them and ends with exit code 2. An unknown \`SLUICE_…\` variable is
  a warning. An empty variable counts as not set.
- A port is a number; \`0\` picks a free one, \`off\` does not listen. Sizes are bytes, or
  \`64MiB\` and the like. Names end in the unit: \`Ms\` is milliseconds.
- In a variable, items of a list are separated by commas, in \`SLUICE_MODELS\` by the separator of
  the platform's PATH (\`:\`, on Windows \`;\`). A flag for a list is given once for each item.
- A relative path starts from the folder of the file that has it, in a flag or a variable from the
  working folder.
- \`SLUICE_ADMIN_TOKEN\` holds the token itself, and goes before \`adminTokenFile\` unless that was
  given as a flag.
- Kubernetes sets variables such as \`SLUICE_HTTP_PORT=tcp://…\` for a service of that name: they are
  ignored, with a warning.

## sluice.yaml

| key | flag | variable | default | meaning |
|---|---|---|---|---|
${serverKeys.map(serverRow).join('\n')}

\`--config\` has no key. \`--shutdown-timeout\` counts seconds.

## model.yaml

| key | values | default | meaning |
|---|---|---|---|
${keysOf(jsonSchema('model')).map(modelRow).join('\n')}

## Not built yet

These are known and refused by name:

| key | accepted until then | what is not built |
|---|---|---|
${[...unbuiltServerKeys, ...unbuiltModelKeys]
  .map(({ key, accepts, what }) => row(code(key), accepts.map(shown).join(', '), what))
  .join('\n')}
`
}

function serverRow(key: Key): string {
  const flag = serveFlags.find((one) => one.key === key.path)?.flags
  const said = flag ?? (key.path === 'models' ? 'PATH…' : undefined)
  return row(
    code(key.path),
    said === undefined ? '' : code(said),
    code(variableOf(key.path)),
    shown(key.default),
    meaning(key),
  )
}

const modelRow = (key: Key): string =>
  row(code(key.path), values(key.schema), shown(key.default), key.description)

const meaning = ({ description, schema }: Key): string =>
  schema.enum === undefined ? description : `${description}: ${values(schema)}`

/** What may be written: the choices, or the type. */
function values(schema: JsonSchema): string {
  if (schema.enum !== undefined) return schema.enum.map(shown).join(', ')
  if (schema.const !== undefined) return shown(schema.const)
  if (schema.anyOf !== undefined) return schema.anyOf.map(values).join(' or ')
  if (schema.type === 'array' && schema.items !== undefined) {
    return `list of ${values(schema.items)}`
  }
  if (schema.type === 'object') {
    const names = Object.keys(schema.properties ?? {})
    return names.length === 0 ? 'names with values' : code(`{${names.join(', ')}}`)
  }
  return [schema.type ?? []].flat().join(' or ')
}

const shown = (value: unknown): string =>
  value === undefined ? '' : code(typeof value === 'string' ? value : JSON.stringify(value))

const code = (text: string): string => `\`${text}\``

const row = (...cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`

if (process.argv[1] === import.meta.filename) writeFileSync(referencePage, configReference())
