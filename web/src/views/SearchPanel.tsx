// Searching a chat as one types. What is searched for stands in the address.
import { useEffect, useRef, useState, type KeyboardEvent } from 'react'
import { excerpt, highlightParts } from '../api/highlight'
import { asProblem, type Problem } from '../api/problem'
import { search, type Found } from '../api/routes'
import type { Hit } from '../api/types'
import { onArrowKeys } from '../hooks/useArrowKeys'
import { announce } from '../state/announce'
import { shortTime } from '../state/format'
import { go, hashOf, replaceRoute } from '../state/route'
import { texts } from '../texts'
import { Button, IconButton } from '../ui/Button'
import { Empty, Skeleton } from '../ui/Empty'
import { ErrorNote } from '../ui/ErrorNote'
import { Icon } from '../ui/Icon'

interface Props {
  token: string
  chat: number
  q: string
  message?: number
  stay: boolean // there is room beside the messages
}

export function SearchPanel({ token, chat, q, message, stay }: Props) {
  const [text, setText] = useState(q)
  const input = useRef<HTMLInputElement>(null)
  const results = useRef<HTMLUListElement>(null)
  const { found, problem, busy, again, more } = useSearch(token, chat, q)

  useEffect(() => input.current?.focus(), [])
  // a link or the back button may have changed it
  useEffect(() => setText((now) => (now.trim() === q ? now : q)), [q])
  useEffect(() => {
    const timer = setTimeout(() => {
      if (text.trim() !== q) replaceRoute({ view: 'chats', token, chat, message, q: text.trim() })
    }, 180)
    return () => clearTimeout(timer)
  }, [text]) 

  const close = () => go({ view: 'chats', token, chat, message })

  function onKey(event: KeyboardEvent<HTMLElement>) {
    if (event.key === 'Escape') close()
    if (event.key === 'ArrowDown' && event.target === input.current) {
      event.preventDefault()
      results.current?.querySelector<HTMLElement>('[data-item]')?.focus()
    }
  }

  return (
    <aside className="search" aria-label={texts.search.label(chat)} onKeyDown={onKey}>
      <header className="pane-head">
        <div className="search-box" role="search">
          <Icon name="search" />
          <input ref={input} type="search" value={text} placeholder={texts.search.placeholder} aria-label={texts.search.label(chat)}
            onChange={(event) => setText(event.target.value)} autoComplete="off" spellCheck={false} />
        </div>
        <IconButton icon="close" label={texts.search.close} onClick={close} />
      </header>
      <div className="pane-body">
        {problem && <ErrorNote problem={problem} onRetry={again} />}
        {!q && <Empty icon="search" title={texts.search.startTitle} text={texts.search.startText} />}
        {q && busy && !found && <Skeleton />}
        {q && found && <Summary found={found} />}
        {q && found && !found.hits.length && !busy && <Empty icon="search" title={texts.search.noneTitle} text={texts.search.noneText(q)} />}
        {q && found && found.hits.length > 0 && (
          <ul className="list hits" ref={results} aria-label={texts.search.results} onKeyDown={onArrowKeys} data-stale={busy || undefined}>
            {found.hits.map((hit) => (
              <li key={hit.number}>
                <a data-item href={hashOf({ view: 'chats', token, chat, message: hit.number, ...(stay && { q }) })}
                  aria-current={hit.number === message ? 'true' : undefined}>
                  <HitText hit={hit} />
                </a>
              </li>
            ))}
          </ul>
        )}
        {q && found?.more && <div className="more"><Button busy={busy} onClick={more}>{texts.search.more}</Button></div>}
      </div>
    </aside>
  )
}

function Summary({ found }: { found: Found }) {
  return (
    <p className="search-summary">
      <strong>{texts.search.hits(found.total)}</strong>
      {` · ${texts.search.source(found.source)} · `}
      <span className={found.incomplete ? 'incomplete' : ''}>{found.incomplete ? texts.search.incomplete : texts.search.complete}</span>
    </p>
  )
}

function HitText({ hit }: { hit: Hit }) {
  return (
    <span className="list-text">
      <span className="list-fine">{texts.messages.number(hit.number)} · {shortTime(hit.created_at)}</span>
      <span className="hit" dir="auto">
        {excerpt(highlightParts(hit.highlight), 240).map((piece, n) => (piece.hit ? <mark key={n}>{piece.text}</mark> : piece.text))}
      </span>
    </span>
  )
}

function useSearch(token: string, chat: number, q: string) {
  const [state, setState] = useState<{ found?: Found; problem?: Problem; busy: boolean; page: number }>({ busy: false, page: 1 })
  const [turn, setTurn] = useState(0)

  function ask(page: number, before: Hit[]) {
    const stop = new AbortController()
    setState((now) => ({ ...now, busy: true, page }))
    search(token, chat, q, page, stop.signal).then(
      (found) => {
        setState({ found: { ...found, hits: [...before, ...found.hits] }, busy: false, page })
        if (page === 1) announce(texts.search.hits(found.total))
      },
      (error) => {
        // what was replaced by a newer one failed for nobody
        if (!stop.signal.aborted) setState((now) => ({ ...now, problem: asProblem(error), busy: false }))
      })
    return () => stop.abort()
  }

  useEffect(() => {
    if (!q) {
      setState({ busy: false, page: 1 })
      return
    }
    return ask(1, [])
  }, [token, chat, q, turn]) 

  return {
    ...state,
    again: () => setTurn((n) => n + 1),
    more: () => void ask(state.page + 1, state.found?.hits ?? []),
  }
}
