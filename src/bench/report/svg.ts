/** Plots as SVG: pure text, no script, colours from the page's style. */

export interface Axis {
  readonly label: string
  /** Where a value lies, from 0 to 1. */
  readonly place: (value: number) => number
  readonly ticks: readonly { readonly at: number; readonly text: string }[]
}

/** `draw` gets where values lie on the paper. */
export interface PlotOptions {
  readonly title: string
  readonly x: Axis
  readonly y: Axis
  readonly legend?: readonly { readonly name: string; readonly style: string }[]
  readonly draw: (paper: Paper) => string
}

export interface Paper {
  readonly x: (value: number) => number
  readonly y: (value: number) => number
  readonly bottom: number
}

export function plot({ title, x, y, legend = [], draw }: PlotOptions): string {
  const paper: Paper = {
    x: (value) => round(left + x.place(value) * (width - left - right)),
    y: (value) => round(height - bottom - y.place(value) * (height - top - bottom)),
    bottom: height - bottom,
  }
  const grid = y.ticks.map(({ at, text }) => {
    const place = paper.y(at)
    return `<line class="grid" x1="${left}" x2="${width - right}" y1="${place}" y2="${place}"/><text class="tick" x="${left - 8}" y="${place + 4}" text-anchor="end">${escapeText(text)}</text>`
  })
  const marks = x.ticks.map(({ at, text }) => {
    const place = paper.x(at)
    return `<line class="mark" x1="${place}" x2="${place}" y1="${paper.bottom}" y2="${paper.bottom + 4}"/><text class="tick" x="${place}" y="${paper.bottom + 18}" text-anchor="middle">${escapeText(text)}</text>`
  })
  const keys = legend.map(
    ({ name, style }) => `<span class="key"><i class="${style}"></i>${escapeText(name)}</span>`,
  )
  return [
    `<figure><figcaption><b>${escapeText(title)}</b>${keys.join('')}</figcaption>`,
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeText(title)}">`,
    ...grid,
    `<line class="axis" x1="${left}" x2="${width - right}" y1="${paper.bottom}" y2="${paper.bottom}"/>`,
    ...marks,
    `<text class="label" x="${(left + width - right) / 2}" y="${height - 6}" text-anchor="middle">${escapeText(x.label)}</text>`,
    `<text class="label" x="${left}" y="${top - 10}">${escapeText(y.label)}</text>`,
    draw(paper),
    '</svg></figure>',
  ].join('\n')
}

/** A line through the points, with gaps where there is no value. */
export function line(
  { x, y }: Paper,
  points: readonly (readonly [number, number | null])[],
  style: string,
): string {
  let path = ''
  let isDown = false
  for (const [at, value] of points) {
    if (value === null) {
      isDown = false
      continue
    }
    path += `${isDown ? 'L' : 'M'}${x(at)} ${y(value)}`
    isDown = true
  }
  return path === '' ? '' : `<path class="line ${style}" d="${path}"/>`
}

export function bar(
  { x, y, bottom: floor }: Paper,
  { from, to, value, told }: { from: number; to: number; value: number; told: string },
  style: string,
): string {
  const [start, end, high] = [x(from), x(to), y(value)]
  const gap = end - start > 4 ? 1 : 0
  return `<rect class="bar ${style}" x="${start}" y="${high}" width="${round(Math.max(0.5, end - start - gap))}" height="${round(Math.max(0, floor - high))}"><title>${escapeText(told)}</title></rect>`
}

export const escapeText = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')

const round = (value: number): number => Math.round(value * 10) / 10

const width = 560
const height = 280
const left = 58
const right = 14
const top = 30
const bottom = 46
