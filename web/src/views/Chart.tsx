// Each request a point: when it ended, and how long it took.
import { useEffect, useImperativeHandle, useRef, useState, type Ref } from 'react'
import uPlot, { type AlignedData, type Options } from 'uplot'
import { failed, type Timing } from '../api/timings'
import { texts } from '../texts'

export interface ChartHandle {
  png(): Promise<Blob | null>
}

interface Props {
  timings: readonly Timing[] // ascending by time
  now: number
  spanS: number // 0: from the first to the last
  log: boolean
  label: string
  ref: Ref<ChartHandle>
}

const height = 320
const colourNames = ['--api', '--writer', '--bad', '--fine', '--line', '--surface', '--text'] as const

function colours(element: HTMLElement) {
  // a canvas cannot look up custom properties, and light-dark() is resolved only in a real property
  const probe = document.createElement('span')
  element.append(probe)
  const found = colourNames.map((name) => {
    probe.style.color = `var(${name})`
    return [name, getComputedStyle(probe).color] as const
  })
  probe.remove()
  return Object.fromEntries(found) as Record<(typeof colourNames)[number], string>
}

export default function Chart({ timings, now, spanS, log, label, ref }: Props) {
  const place = useRef<HTMLDivElement>(null)
  const chart = useRef<uPlot | null>(null)
  const scheme = useScheme()
  const shown = useRef({ timings, now, spanS })
  shown.current = { timings, now, spanS }

  useEffect(() => {
    const element = place.current!
    const { timings, now, spanS } = shown.current
    chart.current = new uPlot(optionsOf(element, log, shown), dataOf(timings, now, spanS), element)
    const observer = new ResizeObserver(() => chart.current?.setSize({ width: element.clientWidth, height }))
    observer.observe(element)
    return () => {
      observer.disconnect()
      chart.current?.destroy()
    }
  }, [log, scheme])

  useEffect(() => chart.current?.setData(dataOf(timings, now, spanS)), [timings, now, spanS])

  useImperativeHandle(ref, () => ({ png: () => pngOf(chart.current!, place.current!) }), [])

  return (
    <div className="chart">
      <div ref={place} role="img" aria-label={label} />
      {timings.length === 0 && <p className="chart-empty">{texts.performance.chartEmpty}</p>}
    </div>
  )
}

// Changes with the colours of the page.
function useScheme() {
  const [scheme, setScheme] = useState(0)
  useEffect(() => {
    const changed = () => setScheme((n) => n + 1)
    const media = matchMedia('(prefers-color-scheme: dark)')
    const observer = new MutationObserver(changed)
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] })
    media.addEventListener('change', changed)
    return () => {
      observer.disconnect()
      media.removeEventListener('change', changed)
    }
  }, [])
  return scheme
}

function optionsOf(element: HTMLElement, log: boolean, shown: { current: { now: number; spanS: number } }): Options {
  const colour = colours(element)
  const font = `12px ${getComputedStyle(element).fontFamily}`
  const points = (stroke: string, size: number): uPlot.Series => ({
    stroke, fill: stroke, paths: () => null, points: { show: true, size, stroke: 'transparent', fill: stroke, width: 0 },
  })
  const axis = { stroke: colour['--fine'], font, grid: { stroke: colour['--line'], width: 1 }, ticks: { show: false } }
  return {
    width: element.clientWidth,
    height,
    padding: [12, 12, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: true, range: (_, min, max) => spanOf(shown.current, min, max) },
      y: log ? { distr: 3, range: (_, min, max) => decades(min, max) } : { range: (_, min, max) => [Math.min(0, min ?? 0), (max ?? 1) * 1.1 || 1] },
    },
    axes: [
      { ...axis, space: 80, values: (_, splits) => splits.map((at) => timeOf(at)) },
      { ...axis, size: 60, label: texts.performance.axis, labelFont: font, labelSize: 20, ...(log && { grid: { ...axis.grid, filter: tens } }), values: (_, splits) => splits.map(tickOf) },
    ],
    series: [{}, points(withAlpha(colour['--api']), 5), points(withAlpha(colour['--writer']), 5), points(colour['--bad'], 7)],
  }
}

const timeOf = (at: number) => new Date(at * 1000).toLocaleTimeString('en', { hour12: false })

// null: a line without a number, of which a logarithmic axis has many.
const tickOf = (value: number | null) => (value === null ? '' : String(Number(value.toPrecision(3))))

// The lines of a logarithmic axis: at 1, 10, 100 …
const tens = (_: uPlot, splits: number[]) => splits.map((at) => (Number.isInteger(Math.round(Math.log10(at) * 1e6) / 1e6) ? at : null))

const withAlpha = (rgb: string) => rgb.replace(/^rgb\((.*)\)$/, 'rgba($1, 0.7)')

function spanOf({ now, spanS }: { now: number; spanS: number }, min: number | null, max: number | null): [number, number] {
  if (spanS) return [now / 1000 - spanS, now / 1000]
  return min === null || max === null || min === max ? [now / 1000 - 60, now / 1000] : [min, max]
}

// Whole decades around the values, one at least.
function decades(min: number | null, max: number | null): [number, number] {
  const low = 10 ** Math.floor(Math.log10(Math.max(min ?? 1, 0.1)))
  const high = 10 ** Math.ceil(Math.log10(Math.max(max ?? 100, 1)))
  return [low, Math.max(high, low * 10)]
}

// uPlot wants one ascending list of times and a list of values for each series, null where it has none.
function dataOf(timings: readonly Timing[], now: number, spanS: number): AlignedData {
  const shown = timings.filter((timing) => !spanS || timing.at >= now - spanS * 1000)
  const pick = (wanted: (timing: Timing) => boolean) => shown.map((timing) => (wanted(timing) ? Math.max(timing.ms, 0.1) : null))
  return [
    shown.map(({ at }) => at / 1000),
    pick((timing) => timing.service === 'api' && !failed(timing)),
    pick((timing) => timing.service === 'writer' && !failed(timing)),
    pick(failed),
  ]
}

// The canvas on the page's colour, with its legend: a picture that can stand alone.
function pngOf(chart: uPlot, element: HTMLElement) {
  const from = chart.ctx.canvas
  const colour = colours(element)
  const scale = devicePixelRatio
  const canvas = document.createElement('canvas')
  canvas.width = from.width
  canvas.height = from.height + 40 * scale
  const to = canvas.getContext('2d')!
  to.fillStyle = colour['--surface']
  to.fillRect(0, 0, canvas.width, canvas.height)
  to.drawImage(from, 0, 40 * scale)
  to.font = `${13 * scale}px ${getComputedStyle(element).fontFamily}`
  let x = 20 * scale
  for (const [name, text] of [['--api', texts.service.api], ['--writer', texts.service.writer], ['--bad', texts.performance.failed]] as const) {
    to.fillStyle = colour[name]
    to.beginPath()
    to.arc(x, 20 * scale, 4 * scale, 0, 2 * Math.PI)
    to.fill()
    to.fillStyle = colour['--text']
    to.fillText(text, x + 10 * scale, 24.5 * scale)
    x += 34 * scale + to.measureText(text).width
  }
  return new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/png'))
}
