// A message that is on its way: being sent, accepted, or refused.
import { useEffect, useState } from 'react'
import { clockTime } from '../state/format'
import { chatKey, discard, sendAgain, type Letter } from '../state/outbox'
import { draftOf, keepDraft } from '../state/drafts'
import { service } from '../state/settings'
import { texts } from '../texts'
import { Button } from '../ui/Button'
import { Icon } from '../ui/Icon'

const slowMs = 3000

export function LetterRow({ token, chat, letter }: { token: string; chat: number; letter: Letter }) {
  const [slow, setSlow] = useState(false)
  const { id, body, at, state, number, why, maybe } = letter

  useEffect(() => {
    setSlow(false)
    if (state !== 'sending') return
    const timer = setTimeout(() => setSlow(true), slowMs)
    return () => clearTimeout(timer)
  }, [state])

  function edit() {
    const before = draftOf(token, chat).get()
    keepDraft(token, chat, before.trim() ? `${before}\n${body}` : body)
    discard(chatKey(token, chat), id)
    document.querySelector<HTMLElement>('.composer textarea')?.focus()
  }

  return (
    <article className={`message letter ${state}`} tabIndex={-1} data-state={state} aria-labelledby={`s${id}`}>
      <span className="message-number">{number === undefined ? '' : texts.messages.number(number)}</span>
      <div className="message-body" dir="auto">{body}</div>
      <span className="message-meta">
        <span className={`chip ${state}`} id={`s${id}`}>
          <Icon name={state === 'failed' ? 'warning' : 'clock'} size={14} />{texts.outbox[state]}
        </span>
        <time dateTime={new Date(at).toISOString()}>{clockTime(at)}</time>
      </span>
      {slow && state === 'sending' && <p className="letter-note">{texts.outbox.slow}</p>}
      {state === 'failed' && (
        <div className="letter-note failed">
          <p>{why}{maybe && ` ${texts.outbox.maybe}`}</p>
          <div className="letter-actions">
            <Button icon="send" onClick={() => void sendAgain(token, chat, service.get(), letter)}>{texts.outbox.retry}</Button>
            <Button onClick={edit}>{texts.outbox.edit}</Button>
            <Button onClick={() => discard(chatKey(token, chat), id)}>{texts.outbox.discard}</Button>
          </div>
        </div>
      )}
    </article>
  )
}
