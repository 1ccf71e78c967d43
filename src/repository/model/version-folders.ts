/** Which folders of a model are versions of it: those named by whole numbers from 1 on. */
import { compareVersions } from '../../version-order.ts'
import type { Entry } from '../files/entries.ts'

export interface VersionFolder {
  /** Without leading zeros. */
  readonly version: string
  readonly entry: Entry
}

export interface VersionFolders {
  /** Oldest first. */
  readonly counted: readonly VersionFolder[]
  readonly warnings: readonly string[]
}

/** TensorFlow Serving counts numbers with leading zeros, Triton does not. */
export function versionFolders(
  entries: readonly Entry[],
  { leadingZeros }: { readonly leadingZeros: boolean },
): VersionFolders {
  const counted = new Map<string, Entry>()
  const warnings: string[] = []
  // a name without leading zeros goes before others of the same number
  const numbers = entries
    .filter(({ name }) => /^\d+$/.test(name))
    .toSorted((a, b) => a.name.length - b.name.length)
  for (const entry of numbers) {
    const version = entry.name.replace(/^0+/, '')
    if (!VERSION.test(version)) {
      warnings.push(
        `folder ${entry.name} is ignored: versions are whole numbers from 1 on, of 18 digits at most`,
      )
    } else if (version !== entry.name && !leadingZeros) {
      warnings.push(`folder ${entry.name} is ignored: a version has no leading zeros`)
    } else if (counted.has(version)) {
      warnings.push(
        `folder ${entry.name} is ignored: ${counted.get(version)!.name} is this version`,
      )
    } else counted.set(version, entry)
  }
  const versions = [...counted].map(([version, entry]) => ({ version, entry }))
  return { counted: versions.sort((a, b) => compareVersions(a.version, b.version)), warnings }
}

const VERSION = /^[1-9]\d{0,17}$/
