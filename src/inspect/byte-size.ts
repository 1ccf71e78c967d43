/** Bytes in the unit that leaves few digits: `512 bytes`, `1.5 KiB`, `98 MiB`. */
export function byteSize(bytes: number): string {
  let value = bytes
  let unit = -1
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  if (unit === -1) return bytes === 1 ? '1 byte' : `${bytes} bytes`
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`
}

const units = ['KiB', 'MiB', 'GiB', 'TiB']
