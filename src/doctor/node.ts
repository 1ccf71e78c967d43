/** Node.js itself, and the C library it stands on. */
import type { Check } from './check.ts'

/** `required` is the range of package.json: `>=22.18`. */
export function checkNode(version: string, required: string): Check {
  const fact = `${version}, ${required} is needed`
  if (atLeast(version, required)) return { name: 'node', status: 'ok', fact }
  return { name: 'node', status: 'fail', fact, mend: 'install a newer one: https://nodejs.org' }
}

/** The version of glibc, or undefined on a Linux that has another C library. */
export function checkLibc(platform: string, glibc: string | undefined): Check {
  if (platform !== 'linux') {
    return { name: 'libc', status: 'ok', fact: `the one of ${platform}` }
  }
  if (glibc !== undefined) return { name: 'libc', status: 'ok', fact: `glibc ${glibc}` }
  return {
    name: 'libc',
    status: 'fail',
    fact: 'musl, for which the installed ONNX Runtime is not built',
    mend: 'use an image with glibc (node:24-slim), or name another library with SLUICE_ONNX_LIBRARY',
  }
}

function atLeast(version: string, required: string): boolean {
  const wanted = numbers(required)
  const has = numbers(version)
  for (const [at, number] of wanted.entries()) {
    if ((has[at] ?? 0) !== number) return (has[at] ?? 0) > number
  }
  return true
}

const numbers = (version: string): readonly number[] =>
  (version.match(/\d+/g) ?? []).slice(0, 3).map(Number)
