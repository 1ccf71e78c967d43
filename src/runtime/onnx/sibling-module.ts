/** A module beside this one: a .ts file in the sources, a .js file in the package. */
export function siblingModule(name: string): URL {
  const extension = import.meta.filename.slice(import.meta.filename.lastIndexOf('.'))
  return new URL(`./${name}${extension}`, import.meta.url)
}
