import { useEffect, useRef, useState } from 'react'
import type { Application } from '../api/types'
import { onArrowKeys } from '../hooks/useArrowKeys'
import { useAction } from '../hooks/useAction'
import { usePolling } from '../hooks/usePolling'
import { applications, loadApplications, loadMoreApplications, refreshApplications } from '../state/applications'
import { hashOf } from '../state/route'
import { adminKey } from '../state/settings'
import { useStore } from '../state/store'
import { texts } from '../texts'
import { Button, IconButton } from '../ui/Button'
import { Empty, Skeleton } from '../ui/Empty'
import { ErrorNote } from '../ui/ErrorNote'
import { NameDialog, OpenDialog } from './ApplicationDialogs'
import { KeyPrompt } from './KeyPrompt'

export function ApplicationsPane({ chosen }: { chosen?: string }) {
  const list = useStore(applications)
  const key = useStore(adminKey)
  const [dialog, setDialog] = useState<'create' | 'open' | ''>('')
  const locked = list.problem?.type === 'admin-key' && list.state === 'failed'

  useEffect(() => void loadApplications(), [])
  usePolling(refreshApplications, 10000, list.state === 'failed', !locked)

  return (
    <section className="pane applications" aria-labelledby="applications-heading">
      <header className="pane-head">
        <h2 id="applications-heading">{texts.applications.heading}</h2>
        <IconButton icon="key" label={texts.applications.open} onClick={() => setDialog('open')} />
        {!locked && <IconButton icon="plus" className="accent" label={texts.applications.create} onClick={() => setDialog('create')} />}
      </header>
      <div className="pane-body">
        {locked ? <KeyPrompt onOpen={() => setDialog('open')} /> : (
          <>
            {list.state === 'failed' && list.problem && <ErrorNote problem={list.problem} onRetry={() => void loadApplications()} />}
            {list.state === 'loading' && <Skeleton />}
            {list.state === 'ready' && list.items.length === 0 && (
              <Empty icon="plus" title={texts.applications.emptyTitle} text={texts.applications.emptyText}>
                <Button kind="primary" onClick={() => setDialog('create')}>{texts.applications.submit}</Button>
              </Empty>
            )}
            <ApplicationList items={list.items} chosen={chosen} />
            {list.more && <More />}
          </>
        )}
      </div>
      {key && !locked && (
        <footer className="pane-foot">
          <Button kind="quiet" icon="key" onClick={() => { adminKey.set(''); void loadApplications() }}>{texts.key.forget}</Button>
        </footer>
      )}
      {dialog === 'create' && <NameDialog onClose={() => setDialog('')} />}
      {dialog === 'open' && <OpenDialog onClose={() => setDialog('')} />}
    </section>
  )
}

function ApplicationList({ items, chosen }: { items: Application[]; chosen?: string }) {
  const list = useRef<HTMLUListElement>(null)
  const isListed = items.some(({ token }) => token === chosen)
  // a new one, or one that a link leads to, may be far down
  useEffect(() => {
    if (isListed) list.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' })
  }, [chosen, isListed])
  if (!items.length) return null
  return (
    <ul className="list" ref={list} aria-label={texts.applications.list} onKeyDown={onArrowKeys}>
      {items.map(({ token, name, chats_count }) => (
        <li key={token}>
          <a data-item href={hashOf({ view: 'chats', token })} aria-current={token === chosen ? 'true' : undefined}>
            <span className="tile" data-hue={hueOf(token)} aria-hidden="true">{initialOf(name)}</span>
            <span className="list-text">
              <span className="list-name">{name}</span>
              <span className="list-fine">{texts.applications.chats(chats_count)}</span>
            </span>
          </a>
        </li>
      ))}
    </ul>
  )
}

function More() {
  const { busy, problem, act } = useAction()
  return (
    <div className="more">
      {problem && <ErrorNote problem={problem} />}
      <Button busy={busy} onClick={() => void act(loadMoreApplications)}>{texts.applications.more}</Button>
    </div>
  )
}

// A colour to know it by, out of six.
const hueOf = (token: string) => parseInt(token.slice(0, 4), 16) % 6

const segments = 'Segmenter' in Intl ? new Intl.Segmenter() : undefined
const initialOf = (name: string) => {
  const text = name.trim()
  const first = segments ? [...segments.segment(text.slice(0, 40))][0]?.segment : Array.from(text)[0]
  return (first ?? '').toLocaleUpperCase()
}
