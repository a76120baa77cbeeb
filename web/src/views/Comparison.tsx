// The same messages through each service, side by side.
import { useEffect, useState } from 'react'
import type { Service } from '../api/types'
import { applications, loadApplications } from '../state/applications'
import { decimal, milliseconds } from '../state/format'
import { hashOf } from '../state/route'
import { isRunning, runs, startRun, stopRun, type Run } from '../state/run'
import { useStore } from '../state/store'
import { texts } from '../texts'
import { Button } from '../ui/Button'
import { Select } from '../ui/Select'

export function Comparison() {
  const { items, state } = useStore(applications)
  const now = useStore(runs)
  const [token, setToken] = useState<string>()
  const [total, setTotal] = useState(1000)
  const [senders, setSenders] = useState(4)
  const target = token ?? items.find(({ name }) => name === texts.performance.ownName)?.token ?? ''
  const running = isRunning()

  useEffect(() => {
    if (state === 'loading') void loadApplications()
  }, [state])

  async function run(...which: Service[]) {
    let into = target
    for (const service of which) {
      into = await startRun(service, { token: into, total, senders })
      setToken(into)
      if (runs.get()[service].state !== 'done') return
    }
  }

  return (
    <section aria-labelledby="compare-heading">
      <div className="section-head">
        <div>
          <h2 id="compare-heading">{texts.performance.compare}</h2>
          <p className="fine measure">{texts.performance.compareText}</p>
        </div>
      </div>
      <div className="tools">
        <Select name="application" label={texts.performance.application} value={target} onChange={setToken}
          options={[['', texts.performance.own], ...items.map(({ token, name }): [string, string] => [token, name])]} />
        <Select name="count" label={texts.performance.count} value={String(total)} onChange={(value) => setTotal(Number(value))}
          options={[100, 1000, 5000].map((n) => [String(n), n.toLocaleString('en')])} />
        <Select name="concurrency" label={texts.performance.concurrency} value={String(senders)} onChange={(value) => setSenders(Number(value))}
          options={[1, 2, 3, 4, 6].map((n) => [String(n), String(n)])} />
        <Button kind="primary" icon="play" busy={running} onClick={() => void run('api', 'writer')}>{texts.performance.both}</Button>
      </div>
      <div className="cards">
        {(['api', 'writer'] as Service[]).map((service) => (
          <RunCard key={service} service={service} run={now[service]} blocked={running} onRun={() => void run(service)} />
        ))}
      </div>
      <Verdict api={now.api} writer={now.writer} />
    </section>
  )
}

interface CardProps {
  service: Service
  run: Run
  blocked: boolean
  onRun: () => void
}

function RunCard({ service, run, blocked, onRun }: CardProps) {
  const { state, total, sent, seconds, figures, problem, token, chat } = run
  return (
    <div className={`card run ${service}`} data-run={service} data-state={state}>
      <div className="card-head">
        <h3><span className={`dot ${service}`} aria-hidden="true" />{texts.service[service]}</h3>
        <span className="fine">{texts.performance.state[state]}</span>
      </div>
      <progress max={total || 1} value={sent} aria-label={texts.performance.progress(texts.service[service])} />
      <p className="run-line">
        {total > 0 ? texts.performance.sent(sent, total) : texts.performance.none}
        {total > 0 && seconds > 0 && ` ${texts.performance.took(decimal(seconds))}`}
      </p>
      <dl className="run-figures">
        <div className="lead"><dt>{texts.performance.rate}</dt><dd>{figures ? decimal(figures.perS) : '–'}</dd></div>
        <div><dt>p50 ms</dt><dd>{milliseconds(figures?.p50)}</dd></div>
        <div><dt>p95 ms</dt><dd>{milliseconds(figures?.p95)}</dd></div>
        <div><dt>p99 ms</dt><dd>{milliseconds(figures?.p99)}</dd></div>
        <div data-warn={(figures?.errors ?? 0) > 0 || undefined}><dt>{texts.performance.errors}</dt><dd>{figures?.errors ?? '–'}</dd></div>
      </dl>
      {problem && <p className="card-error" role="alert">{figures ? texts.performance.failedRun(figures.errors, problem.detail) : problem.detail}</p>}
      <div className="run-actions">
        {state === 'running'
          ? <Button icon="stop" onClick={() => stopRun(service)}>{texts.performance.stop}</Button>
          : <Button icon="play" busy={blocked} onClick={onRun}>{texts.performance.run(texts.service[service].toLowerCase().replace('api', 'API'))}</Button>}
        {token && chat && <a className="button quiet" href={hashOf({ view: 'chats', token, chat })}>{texts.performance.openChat(chat)}</a>}
      </div>
    </div>
  )
}

function Verdict({ api, writer }: { api: Run; writer: Run }) {
  if (api.state !== 'done' || writer.state !== 'done' || !api.figures || !writer.figures) return null
  const times = writer.figures.perS / api.figures.perS
  const faster = times > 1 ? 'writer' : 'api'
  const factor = times > 1 ? times : 1 / times
  return (
    <p className="verdict">
      {factor < 1.05 ? texts.performance.likewise : texts.performance.faster(texts.service[faster].toLowerCase().replace('api', 'API'), factor.toFixed(1))}
    </p>
  )
}
