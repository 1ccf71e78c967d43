/** `npm test [-- --full] [-- SUITE…]`: see `test/main.ts`; the Node of the packages runs it. */
import { main } from './test/main.ts'

process.exitCode = await main(process.argv.slice(2))
