/** Numbers as people read them. */

/** Three digits or so: 0.0123, 1.23, 12.3, 123, 1234. */
export function short(value: number): string {
  if (value === 0) return '0'
  return Math.abs(value) >= 100 ? value.toFixed(0) : `${Number(value.toPrecision(3))}`
}

/** Milliseconds; what no answer kept is said so. */
export const ms = (value: number | null): string => (value === null ? 'missed' : short(value))

/** 0.99 as `99 %`. */
export const percent = (share: number): string => `${Number((share * 100).toFixed(3))} %`

/** With a comma between thousands. */
export const whole = (value: number): string =>
  `${Math.round(value)}`.replace(/\B(?=(\d{3})+(?!\d))/g, ',')

/** `1 row`, `2 rows`. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${short(count)} ${count === 1 ? one : many}`
