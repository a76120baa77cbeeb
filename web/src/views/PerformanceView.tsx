// How fast each service answers this page: a live chart of every request, and a run to compare both.
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from 'react'
import { allTimings, clearTimings, isCreation, timingsCsv, timingsVersion } from '../api/timings'
import type { Service } from '../api/types'
import { figuresOf, type Figures } from '../state/figures'
import { decimal, milliseconds } from '../state/format'
import { clearRuns } from '../state/run'
import { download } from '../state/download'
import { texts } from '../texts'
import { Button } from '../ui/Button'
import { Select } from '../ui/Select'
import type { ChartHandle } from './Chart'
import { Comparison } from './Comparison'

// The chart's library comes when it is needed.
const Chart = lazy(() => import('./Chart'))

const services: Service[] = ['api', 'writer']

export function PerformanceView() {
  const [spanS, setSpan] = useState(60)
  const [writes, setWrites] = useState(true)
  const [log, setLog] = useState(true)
  const chart = useRef<ChartHandle>(null)
  const { timings, now } = useTimings(spanS, writes)

  const figures = useMemo(() => Object.fromEntries(services.map((service) =>
    [service, figuresOf(timings.filter((t) => t.service === service))])) as Record<Service, Figures>, [timings])
  const spoken = (service: Service) =>
    `${figures[service].count} requests, p50 ${milliseconds(figures[service].p50)} ms, p95 ${milliseconds(figures[service].p95)} ms`

  function clear() {
    clearTimings()
    clearRuns()
  }

  return (
    <div className="page">
      <header className="page-head">
        <div>
          <h1>{texts.performance.heading}</h1>
          <p className="intro">{texts.performance.intro}</p>
        </div>
      </header>
      <Comparison />
      <section aria-labelledby="chart-heading">
        <div className="section-head">
          <h2 id="chart-heading">{texts.performance.chart}</h2>
          <div className="tools">
            <Select name="which" label={texts.performance.which} value={writes ? 'writes' : 'all'} onChange={(value) => setWrites(value === 'writes')}
              options={[['writes', texts.performance.writes], ['all', texts.performance.all]]} />
            <Select name="span" label={texts.performance.spans} value={String(spanS)} onChange={(value) => setSpan(Number(value))}
              options={[60, 300, 0].map((s) => [String(s), texts.performance.span[s]!])} />
            <Select name="scale" label={texts.performance.scale} value={log ? 'log' : 'linear'} onChange={(value) => setLog(value === 'log')}
              options={[['log', texts.performance.log], ['linear', texts.performance.linear]]} />
          </div>
        </div>
        <div className="card chart-card">
          <Legend />
          <Suspense fallback={<div className="chart" />}>
            <Chart ref={chart} timings={timings} now={now} spanS={spanS} log={log}
              label={texts.performance.chartLabel(spoken('api'), spoken('writer'))} />
          </Suspense>
          <FiguresTable figures={figures} />
        </div>
        <div className="tools end">
          <Button icon="download" onClick={() => download('parley-response-times.csv', new Blob([timingsCsv(timings)], { type: 'text/csv' }))}>
            {texts.performance.csv}
          </Button>
          <Button icon="download" onClick={() => void chart.current?.png().then((blob) => blob && download('parley-response-times.png', blob))}>
            {texts.performance.png}
          </Button>
          <Button icon="trash" onClick={clear}>{texts.performance.clear}</Button>
        </div>
      </section>
    </div>
  )
}

// What is in the span, looked at twice a second while the page is seen.
function useTimings(spanS: number, writes: boolean) {
  const [now, setNow] = useState(() => Date.now())
  const [version, setVersion] = useState(timingsVersion)
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.hidden) return
      setVersion(timingsVersion())
      setNow(Date.now())
    }, 500)
    return () => clearInterval(timer)
  }, [])
  const timings = useMemo(() => {
    const from = spanS ? now - spanS * 1000 : 0
    return allTimings().filter((timing) => timing.at >= from && (!writes || isCreation(timing)))
  }, [now, version, spanS, writes])
  return { timings, now }
}

function Legend() {
  return (
    <ul className="legend">
      {services.map((service) => <li key={service}><span className={`dot ${service}`} aria-hidden="true" />{texts.service[service]}</li>)}
      <li><span className="dot failed" aria-hidden="true" />{texts.performance.failed}</li>
    </ul>
  )
}

function FiguresTable({ figures }: { figures: Record<Service, Figures> }) {
  return (
    <div className="table-scroll" tabIndex={0} role="group" aria-label={texts.performance.table}>
      <table className="figures-table">
        <caption className="unseen">{texts.performance.table}</caption>
        <thead>
          <tr>
            <th scope="col">{texts.performance.service}</th>
            <th scope="col">{texts.performance.requests}</th>
            <th scope="col">{texts.performance.rate}</th>
            <th scope="col">p50 ms</th>
            <th scope="col">p95 ms</th>
            <th scope="col">p99 ms</th>
            <th scope="col">{texts.performance.errors}</th>
          </tr>
        </thead>
        <tbody>
          {services.map((service) => {
            const { count, perS, p50, p95, p99, errors } = figures[service]
            return (
              <tr key={service} data-service={service}>
                <th scope="row"><span className={`dot ${service}`} aria-hidden="true" />{texts.service[service]}</th>
                <td>{count.toLocaleString('en')}</td>
                <td>{count ? decimal(perS) : texts.performance.none}</td>
                <td>{milliseconds(p50)}</td>
                <td>{milliseconds(p95)}</td>
                <td>{milliseconds(p99)}</td>
                <td data-warn={errors > 0 || undefined}>{errors}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

