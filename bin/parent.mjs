/**
 * Asks this process to end, with a SIGTERM, when the one that started it is gone.
 *
 * npm puts a shell between itself and a command. A SIGTERM to npm ends that shell and not the
 * command, and a killed npm ends neither: either would leave a server behind that nobody waits for.
 */
export function endWithParent() {
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    process.kill(process.pid, 'SIGTERM')
  }, 250)
  watch.unref()
}
