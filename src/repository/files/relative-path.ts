/**
 * Paths that somebody else wrote down: each must name a file of the folder it starts from, on every
 * system. Links on its way are for whoever opens it.
 */

/** What is wrong with a path, as in `it leads out of the folder`; undefined where it is fine. */
export function wrongPath(path: string): string | undefined {
  if (path === '') return 'it is empty'
  if (path.length > MOST) return `it is longer than ${MOST} characters`
  if (path.includes('\0')) return 'it has a NUL'
  if (path.includes('\\')) return 'it has a backslash'
  if (path.startsWith('/') || /^[a-z]:/i.test(path)) return 'it is absolute'
  const names = path.split('/')
  if (names.includes('..')) return 'it leads out of the folder'
  if (names.includes('') || names.includes('.')) return 'it has a step that is empty'
  return undefined
}

/** As it is shown in a message. */
export const shownPath = (path: string): string => JSON.stringify(path.slice(0, 200))

const MOST = 4096
