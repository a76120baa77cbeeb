import { useEffect, useRef, useState } from 'react'
import type { Problem } from '../api/problem'
import type { Application } from '../api/types'
import { onArrowKeys } from '../hooks/useArrowKeys'
import { useAction } from '../hooks/useAction'
import { usePolling } from '../hooks/usePolling'
import { announce } from '../state/announce'
import { deleteApplication } from '../state/applications'
import { chatsOf, type ListedChat } from '../state/chats'
import { shortTime } from '../state/format'
import { go, hashOf } from '../state/route'
import { useStore } from '../state/store'
import { texts } from '../texts'
import { Button, IconButton } from '../ui/Button'
import { CopyButton } from '../ui/CopyButton'
import { ConfirmDialog } from '../ui/Dialog'
import { Empty, Skeleton } from '../ui/Empty'
import { ErrorNote } from '../ui/ErrorNote'
import { NameDialog } from './ApplicationDialogs'

interface Props {
  token: string
  application?: Application
  problem?: Problem // of reading the application
  onRetry: () => void
  chosen?: number
}

export function ChatsPane({ token, application, problem, onRetry, chosen }: Props) {
  const chats = chatsOf(token)
  const list = useStore(chats.store)
  const creating = useAction()
  const heading = useRef<HTMLHeadingElement>(null)
  const gone = problem?.status === 404

  useEffect(() => void chats.refresh(), [chats])
  usePolling(chats.refresh, 4000, list.state === 'failed', !gone)
  // On a small screen this pane has just taken the place of the one with the focus.
  useEffect(() => {
    if (document.activeElement === document.body) heading.current?.focus()
  }, [])

  async function create() {
    const { number } = await chats.create()
    announce(texts.chats.created(number))
    go({ view: 'chats', token, chat: number })
  }

  return (
    <section className="pane chats" aria-labelledby="chats-heading">
      <header className="pane-head">
        <a className="icon-button back" href="#/" aria-label={texts.back(texts.applications.heading)}><BackIcon /></a>
        <h2 id="chats-heading" ref={heading} tabIndex={-1} title={application?.name}>{application?.name ?? texts.chats.heading}</h2>
        {!gone && <IconButton icon="plus" className="accent" label={texts.chats.create} onClick={() => void creating.act(create)} />}
      </header>
      {application && <ApplicationActions application={application} />}
      <div className="pane-body">
        {creating.problem && <ErrorNote problem={creating.problem} onRetry={() => void creating.act(create)} />}
        {gone ? <Empty icon="warning" title={texts.chats.gone} /> : (
          <>
            {problem && list.state !== 'failed' && <ErrorNote problem={problem} onRetry={onRetry} />}
            {list.state === 'failed' && list.problem && <ErrorNote problem={list.problem} onRetry={() => { void chats.refresh(); onRetry() }} />}
            {list.state === 'loading' && <Skeleton />}
            {list.state === 'ready' && !list.items.length && (
              <Empty icon="chat" title={texts.chats.emptyTitle} text={texts.chats.emptyText}>
                <Button kind="primary" busy={creating.busy} onClick={() => void creating.act(create)}>{texts.chats.create}</Button>
              </Empty>
            )}
            <ChatList token={token} items={list.items} chosen={chosen} />
            {list.more && <More load={chats.loadMore} />}
          </>
        )}
      </div>
    </section>
  )
}

function BackIcon() {
  return <svg className="icon" width="20" height="20" viewBox="0 0 20 20" aria-hidden="true"><path d="M12 4.500 6.500 10l5.500 5.500" /></svg>
}

function ApplicationActions({ application }: { application: Application }) {
  const [dialog, setDialog] = useState<'rename' | 'delete' | ''>('')
  const { token, name } = application

  async function remove() {
    await deleteApplication(token)
    announce(texts.applications.removed(name))
    go({ view: 'chats' })
  }

  return (
    <div className="pane-actions">
      <CopyButton text={token} label={texts.applications.copy} done={texts.applications.tokenCopied} failed={texts.applications.tokenNotCopied} />
      <IconButton icon="edit" label={texts.applications.rename} onClick={() => setDialog('rename')} />
      <IconButton icon="trash" label={texts.applications.removeSubmit} onClick={() => setDialog('delete')} />
      {dialog === 'rename' && <NameDialog application={application} onClose={() => setDialog('')} />}
      {dialog === 'delete' && (
        <ConfirmDialog title={texts.applications.removeTitle(name)} text={texts.applications.removeText}
          submit={texts.applications.removeSubmit} onClose={() => setDialog('')} onConfirm={remove} />
      )}
    </div>
  )
}

function ChatList({ token, items, chosen }: { token: string; items: ListedChat[]; chosen?: number }) {
  if (!items.length) return null
  return (
    <ul className="list" aria-label={texts.chats.list} onKeyDown={onArrowKeys}>
      {items.map((chat) => (
        <li key={chat.number}>
          <a data-item href={hashOf({ view: 'chats', token, chat: chat.number })}
            aria-current={chat.number === chosen ? 'true' : undefined}>
            <span className="list-text">
              <span className="list-name">{texts.chats.one(chat.number)}</span>
              <span className="list-fine">
                {chat.queued ? <span className="chip queued">{texts.chats.queued}</span>
                  : `${texts.chats.messages(chat.messages_count)} · ${shortTime(chat.created_at!)}`}
              </span>
            </span>
          </a>
        </li>
      ))}
    </ul>
  )
}

function More({ load }: { load: () => Promise<void> }) {
  const { busy, problem, act } = useAction()
  return (
    <div className="more">
      {problem && <ErrorNote problem={problem} />}
      <Button busy={busy} onClick={() => void act(load)}>{texts.applications.more}</Button>
    </div>
  )
}
