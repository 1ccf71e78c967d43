/**
 * The library's own words, fit for a client: without the place in its sources and the code that it
 * puts before them, and without the folders of files.
 */
export function inFewWords(message: string): string {
  return message
    .slice(0, 2000)
    .split('\n', 1)[0]!
    .replace(/\/\S+\.(?:cc|h|cpp):\d+ [^)]*\)(?: const)?:? */g, '')
    .replace(/\[ONNXRuntimeError\] : \d+ : \w+ : /g, '')
    .replace(/(?:\/[^\s/:,'"()]+)+\/([^\s/:,'"()]+)/g, '$1')
    .trim()
    .slice(0, 400)
}
