/** Colours for a terminal, and none where output goes to a file, a pipe or a log. */
import colors from 'picocolors'

export default colors.createColors(colors.isColorSupported && process.stdout.isTTY === true)
