// The messages of one chat: the newest at the bottom, older ones as one scrolls up, new ones as they come.
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useMedia } from '../hooks/useMedia'
import { usePolling } from '../hooks/usePolling'
import { announce } from '../state/announce'
import { chatsOf } from '../state/chats'
import { dayOf } from '../state/format'
import { messagesOf } from '../state/messages'
import { chatKey, lettersOf, outbox, stored } from '../state/outbox'
import { rowsOf, rowKey, type Row } from '../state/rows'
import { go, hashOf, replaceRoute } from '../state/route'
import { useStore } from '../state/store'
import { texts } from '../texts'
import { Button, IconButton } from '../ui/Button'
import { ConfirmDialog } from '../ui/Dialog'
import { Empty, Skeleton } from '../ui/Empty'
import { ErrorNote } from '../ui/ErrorNote'
import { Icon } from '../ui/Icon'
import { VirtualList, type ListHandle } from '../ui/VirtualList'
import { Composer } from './Composer'
import { LetterRow } from './LetterRow'
import { MessageRow } from './MessageRow'
import { SearchPanel } from './SearchPanel'

interface Props {
  token: string
  chat: number
  name: string // of the application
  message?: number // to be jumped to
  q?: string // set: the search is open
}

export function MessagesPane({ token, chat, name, message, q }: Props) {
  const key = chatKey(token, chat)
  const messages = useMemo(() => messagesOf(token, chat), [token, chat])
  const stretch = useStore(messages.store)
  const letters = lettersOf(useStore(outbox), key)
  const list = useRef<ListHandle>(null)
  const heading = useRef<HTMLHeadingElement>(null)
  const [atEnd, setAtEnd] = useState(true)
  const [unread, setUnread] = useState(0)
  const [removing, setRemoving] = useState(false)
  const sideBySide = useMedia('(min-width: 1360px)')
  const gone = stretch.problem?.status === 404 && stretch.state === 'failed'

  useJump(messages, message, list)
  useArrivals(messages, key, list, setUnread)
  usePolling(messages.poll, letters.some(({ state }) => state === 'queued') ? 400 : 2000,
    !!stretch.pollProblem, stretch.state === 'ready')
  usePolling(() => messages.open(message), 2000, true, stretch.state === 'failed' && !gone)
  useEffect(() => {
    if (document.activeElement === document.body) heading.current?.focus()
  }, [])

  const rows = useMemo(() => rowsOf(stretch.items, stretch.newer ? [] : letters), [stretch.items, stretch.newer, letters])

  const toEnd = useCallback(async () => {
    setUnread(0)
    if (message) replaceRoute({ view: 'chats', token, chat, q })
    if (messages.store.get().newer) await messages.open()
    list.current?.scrollToEnd()
  }, [messages, message, token, chat, q])

  const onEndChange = useCallback((end: boolean) => {
    setAtEnd(end)
    if (end) setUnread(0)
  }, [])

  const render = useCallback((row: Row) => (
    <>
      {row.day && <p className="day"><span>{dayOf(row.day)}</span></p>}
      {row.kind === 'message'
        ? <MessageRow token={token} chat={chat} message={row.message} chosen={row.message.number === message} messages={messages} />
        : <LetterRow token={token} chat={chat} letter={row.letter} />}
    </>
  ), [token, chat, message, messages])

  async function removeChat() {
    await chatsOf(token).remove(chat)
    announce(texts.chats.removed(chat))
    go({ view: 'chats', token })
  }

  return (
    <section className="pane messages" aria-labelledby="chat-heading" data-search={q !== undefined || undefined}>
      <div className="conversation" inert={q !== undefined && !sideBySide}>
        <header className="pane-head">
          <a className="icon-button back" href={hashOf({ view: 'chats', token })} aria-label={texts.back(texts.chats.heading)}>
            <Icon name="back" />
          </a>
          <div className="pane-title">
            <h2 id="chat-heading" ref={heading} tabIndex={-1}>{texts.chats.one(chat)}</h2>
            <p className="fine">{name}</p>
          </div>
          <Button icon="search" aria-expanded={q !== undefined} onClick={() => q === undefined ? go({ view: 'chats', token, chat, message, q: '' })
            : replaceRoute({ view: 'chats', token, chat, message })}>{texts.search.open}</Button>
          <IconButton icon="trash" label={texts.chats.remove(chat)} onClick={() => setRemoving(true)} />
        </header>
        {gone ? <Empty icon="warning" title={texts.messages.gone} /> : (
          <>
            <div className="stream">
              {stretch.state === 'loading' && <Skeleton lines={8} />}
              {stretch.state === 'failed' && stretch.problem && <ErrorNote problem={stretch.problem} onRetry={() => void messages.open(message)} />}
              {stretch.missing !== undefined && <p className="note" role="status">{texts.messages.missing(stretch.missing)}</p>}
              {stretch.state === 'ready' && rows.length === 0
                ? <Empty icon="chat" title={texts.messages.emptyTitle} text={texts.messages.emptyText} />
                : rows.length > 0 && (
                  <VirtualList items={rows} keyOf={rowKey} render={render} label={texts.messages.list(chat)} busy={stretch.state === 'loading'}
                    header={stretch.state !== 'ready' ? '' : stretch.older ? texts.messages.older : texts.messages.start} handle={list}
                    onNearTop={() => void messages.loadOlder()} onNearEnd={() => void messages.loadNewer()} onEndChange={onEndChange} />
                )}
              {(!atEnd || stretch.newer) && rows.length > 0 && (
                <button type="button" className="to-end" onClick={() => void toEnd()}>
                  <Icon name="down" size={16} />{unread ? texts.messages.fresh(unread) : texts.messages.latest}
                </button>
              )}
            </div>
            {stretch.pollProblem && <p className="note" role="status">{texts.messages.pollFailed}</p>}
            <Composer token={token} chat={chat} onSent={() => void toEnd()} />
          </>
        )}
      </div>
      {q !== undefined && !gone && <SearchPanel token={token} chat={chat} q={q} message={message} stay={sideBySide} />}
      {removing && (
        <ConfirmDialog title={texts.chats.removeTitle(chat)} text={texts.chats.removeText}
          submit={texts.chats.removeSubmit} onClose={() => setRemoving(false)} onConfirm={removeChat} />
      )}
    </section>
  )
}

// Shows the message that the address names, or else the newest ones.
function useJump(messages: ReturnType<typeof messagesOf>, message: number | undefined, list: { current: ListHandle | null }) {
  const opened = useRef(false)
  useEffect(() => {
    const wasOpened = opened.current
    opened.current = true
    if (message === undefined) {
      if (!wasOpened) void messages.open()
      return
    }
    const isThere = () => messages.store.get().items.some(({ number }) => number === message)
    // the list is there once what came has been shown
    const show = () => requestAnimationFrame(() => list.current?.scrollTo(`m${message}`))
    if (isThere()) show()
    else void messages.open(message).then(() => isThere() && show())
  }, [messages, message, list])
}

// What is new is said, and counted for who is reading further up.
function useArrivals(messages: ReturnType<typeof messagesOf>, key: string, list: { current: ListHandle | null },
  setUnread: (change: (n: number) => number) => void) {
  const seen = useRef<number | undefined>(undefined)
  const { items, state, newer } = useStore(messages.store)
  useEffect(() => {
    if (state !== 'ready') return
    const mine = new Set(lettersOf(outbox.get(), key).map(({ number }) => number))
    stored(key, new Set(items.slice(-500).map(({ number }) => number)))
    const last = items.at(-1)?.number ?? 0
    const before = seen.current
    seen.current = newer ? undefined : last
    if (before === undefined || newer || last <= before) return
    const fresh = items.slice(-200).filter(({ number }) => number > before && !mine.has(number))
    if (!fresh.length) return
    announce(fresh.length > 3 ? texts.messages.arrivedMany(fresh.length)
      : fresh.map(({ number, body }) => texts.messages.arrived(number, body.slice(0, 300))).join(' '))
    if (!list.current?.isAtEnd()) setUnread((n) => n + fresh.length)
  }, [items, state, newer, key, list, setUnread])
}
