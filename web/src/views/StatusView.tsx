// How the servers are, and what works while they are like that.
import { useEffect } from 'react'
import type { Part, Service } from '../api/types'
import { usePolling } from '../hooks/usePolling'
import { clockSeconds, decimal, milliseconds } from '../state/format'
import { checkHealth, reports, type Report } from '../state/health'
import { useStore } from '../state/store'
import { partNames, texts } from '../texts'
import { Skeleton } from '../ui/Empty'
import { Icon } from '../ui/Icon'

export function StatusView() {
  const { api, writer } = useStore(reports)
  useEffect(() => void checkHealth('writer'), [])
  usePolling(() => checkHealth('writer'), 2000, false)
  // Either service can tell; the one that answers does.
  const health = api?.health ?? writer?.health

  return (
    // (nothing in it can have the focus, and the keyboard has to scroll it)
    <div className="page" tabIndex={0} role="group" aria-label={texts.status.heading}>
      <header className="page-head">
        <div>
          <h1>{texts.status.heading}</h1>
          <p className="intro">{texts.status.intro}</p>
        </div>
        {api && <p className="fine">{texts.status.checked(clockSeconds(api.at))}</p>}
      </header>
      <section aria-labelledby="services">
        <h2 id="services">{texts.status.services}</h2>
        <div className="cards">
          <ServiceCard service="api" report={api} />
          <ServiceCard service="writer" report={writer} />
        </div>
      </section>
      {!health && !api?.problem && <Skeleton lines={4} />}
      {health && (
        <>
          <section aria-labelledby="parts">
            <h2 id="parts">{texts.status.parts}</h2>
            <div className="cards three">
              {(['mysql', 'redis', 'elasticsearch'] as const).map((name) => <PartCard key={name} name={name} part={health.services[name]} />)}
            </div>
          </section>
          <section aria-labelledby="queue">
            <h2 id="queue">{texts.status.queue}</h2>
            <dl className="cards four figures">
              <Figure label={texts.status.depth} hint={texts.status.depthHint} value={health.queue.depth} />
              <Figure label={texts.status.oldest} hint={texts.status.oldestHint} value={health.queue.oldest_age_s} seconds />
              <Figure label={texts.status.retry} hint={texts.status.retryHint} value={health.queue.retry} warn />
              <Figure label={texts.status.dead} hint={texts.status.deadHint} value={health.queue.dead} warn />
            </dl>
          </section>
        </>
      )}
      <Works api={api} writer={writer} />
    </div>
  )
}

function State({ status }: { status: string }) {
  return <span className={`state ${status}`}>{texts.status.state[status] ?? status}</span>
}

function ServiceCard({ service, report }: { service: Service; report?: Report }) {
  const words = report?.problem ? texts.status.silent : report ? texts.status.answers : texts.loading
  return (
    <div className={`card service ${service}`} data-part={service}>
      <div className="card-head">
        <h3>{texts.service[service]}</h3>
        <span className={`state ${report?.problem ? 'down' : report ? 'ok' : 'unknown'}`}>{words}</span>
      </div>
      <p className="fine">{texts.service.hint[service]}</p>
      {report?.problem && <p className="card-error">{report.origin ? texts.banner.origin(location.origin) : report.problem.detail}</p>}
    </div>
  )
}

function PartCard({ name, part }: { name: string; part: Part }) {
  return (
    <div className="card" data-part={name}>
      <div className="card-head">
        <h3>{partNames[name]}</h3>
        <State status={part.status} />
      </div>
      <p className="fine">{texts.status.about[name]}</p>
      {part.latency_ms !== undefined && part.status === 'ok' && <p className="card-figure">{texts.status.latency(milliseconds(part.latency_ms))}</p>}
      {part.durability && (
        <p className="fine">{texts.status.durability}: {texts.status.durabilityOf[part.durability] ?? part.durability}</p>
      )}
      {!!part.warnings?.length && (
        <ul className="warnings" aria-label={texts.status.warnings}>
          {part.warnings.map((warning) => <li key={warning}><Icon name="warning" size={16} />{warning}</li>)}
        </ul>
      )}
    </div>
  )
}

interface FigureProps {
  label: string
  hint: string
  value: number | null
  seconds?: boolean
  warn?: boolean // anything but 0 is worth a look
}

function Figure({ label, hint, value, seconds, warn }: FigureProps) {
  const text = value === null ? texts.status.unknown : seconds ? texts.status.seconds(decimal(value)) : value.toLocaleString('en')
  return (
    <div className="card" data-warn={(warn && !!value) || undefined}>
      <dt>{label}</dt>
      <dd>
        <span className="big">{text}</span>
        <span className="fine">{value === null ? texts.status.unknownHint : hint}</span>
      </dd>
    </div>
  )
}

type Able = 'yes' | 'no' | 'later'

// README's table of promises, in short.
function ableTo(api?: Report, writer?: Report): Record<'read' | 'write' | 'edit' | 'removeChat' | 'application', Able> | undefined {
  const health = api?.health ?? writer?.health
  if (!health) return api?.problem && writer?.problem ? { read: 'no', write: 'no', edit: 'no', removeChat: 'no', application: 'no' } : undefined
  const redis = health.services.redis.status !== 'down'
  const mysql = health.services.mysql.status !== 'down'
  const full = !api?.problem
  const yes = (able: boolean): Able => (able ? 'yes' : 'no')
  return {
    read: yes(full && mysql),
    write: !redis ? 'no' : mysql ? 'yes' : 'later',
    edit: yes(full && mysql),
    removeChat: yes(full && mysql && redis),
    application: yes(full && mysql && redis),
  }
}

function Works({ api, writer }: { api?: Report; writer?: Report }) {
  const able = ableTo(api, writer)
  if (!able) return null
  return (
    <section aria-labelledby="works">
      <h2 id="works">{texts.status.works}</h2>
      <ul className="works">
        {(Object.keys(able) as (keyof typeof able)[]).map((what) => (
          <li key={what} data-able={able[what]}>
            <Icon name={able[what] === 'no' ? 'close' : able[what] === 'later' ? 'clock' : 'check'} />
            <span>{texts.status.matrix[what]}</span>
            <span className="fine">{texts.status.matrix[able[what]]}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}
