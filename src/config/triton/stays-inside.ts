/** Names of files in a configuration, which anybody may have written. */

/** Whether a relative path is of a file below the folder it is taken from, as far as names tell. */
export const staysInside = (path: string): boolean =>
  path !== '' &&
  !path.includes('\0') &&
  !/^(?:[\\/]|[A-Za-z]:)/.test(path) &&
  path.split(/[\\/]/).every((part) => part !== '..')
