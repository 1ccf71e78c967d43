/** Wall time as people read it in a log: `12:01:02.123`, local. Worked out once a second. */
export class TimeOfDay {
  #second = Number.NaN
  #text = ''

  /** `wall` is in milliseconds since 1970. */
  at(wall: number): string {
    const second = Math.floor(wall / 1000)
    if (second !== this.#second) {
      const at = new Date(wall)
      this.#text = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.`
      this.#second = second
    }
    const ms = Math.floor(wall - second * 1000)
    return `${this.#text}${ms < 100 ? '0' : ''}${two(ms)}`
  }
}

const two = (value: number) => (value < 10 ? `0${value}` : `${value}`)
