import { memo, useRef, useState, type FormEvent, type KeyboardEvent } from 'react'
import type { Message } from '../api/types'
import { useAction } from '../hooks/useAction'
import { useGrow } from '../hooks/useGrow'
import { announce } from '../state/announce'
import { endEdit, keepEdit, useEdit } from '../state/edits'
import { clockTime, fullTime } from '../state/format'
import type { Messages } from '../state/messages'
import { chatKey, useSentHere } from '../state/outbox'
import { hashOf } from '../state/route'
import { texts } from '../texts'
import { Button, IconButton } from '../ui/Button'
import { ConfirmDialog } from '../ui/Dialog'
import { ErrorNote } from '../ui/ErrorNote'
import { Icon } from '../ui/Icon'

interface Props {
  token: string
  chat: number
  message: Message
  chosen: boolean // jumped to
  messages: Messages
}

export const MessageRow = memo(function MessageRow({ token, chat, message, chosen, messages }: Props) {
  const [removing, setRemoving] = useState(false)
  // Its buttons are made when somebody comes to it: they were most of what scrolling had to make.
  const [visited, setVisited] = useState(false)
  const visit = () => setVisited(true)
  const key = `${chatKey(token, chat)}/${message.number}`
  const draft = useEdit(key)
  const sentHere = useSentHere(chatKey(token, chat), message.number)
  const row = useRef<HTMLElement>(null)
  const { number, body, created_at, updated_at } = message

  function copyLink() {
    const url = new URL(hashOf({ view: 'chats', token, chat, message: number }), location.href).href
    // without TLS a browser may not allow it: then the address line has the link
    navigator.clipboard?.writeText(url).then(() => announce(texts.messages.linkCopied), () => location.assign(url)) ?? location.assign(url)
  }

  function done() {
    endEdit(key)
    setRemoving(false)
    row.current?.focus()
  }

  return (
    <article ref={row} className="message" tabIndex={-1} data-number={number} data-chosen={chosen || undefined}
      onPointerEnter={visit} onFocus={visit} aria-posinset={number} aria-setsize={-1} aria-labelledby={`n${number}`} aria-describedby={`b${number}`}>
      <span className="message-number" id={`n${number}`}>{texts.messages.number(number)}</span>
      {draft !== undefined ? <Editor message={message} body={draft} onBody={(text) => keepEdit(key, text)} messages={messages} onDone={done} /> : (
        <>
          <div className="message-body" id={`b${number}`} dir="auto">{body}</div>
          <span className="message-meta">
            {updated_at !== created_at && <span title={fullTime(updated_at)}>{texts.messages.edited}</span>}
            {sentHere && (
              <span className="chip stored" data-state="stored"><Icon name="check" size={14} />{texts.outbox.stored}</span>
            )}
            <time dateTime={created_at} title={fullTime(created_at)}>{clockTime(created_at)}</time>
          </span>
          {visited && (
            <div className="message-actions" role="group" aria-label={texts.messages.actions(number)}>
              <IconButton icon="edit" label={texts.messages.edit} onClick={() => keepEdit(key, body)} />
              <IconButton icon="link" label={texts.messages.copyLink} onClick={copyLink} />
              <IconButton icon="trash" label={texts.messages.remove} onClick={() => setRemoving(true)} />
            </div>
          )}
        </>
      )}
      {removing && (
        <ConfirmDialog title={texts.messages.removeTitle(number)} text={texts.messages.removeText}
          submit={texts.messages.removeSubmit} onClose={done} onConfirm={() => messages.remove(number)} />
      )}
    </article>
  )
})

interface EditorProps {
  message: Message
  body: string
  onBody: (body: string) => void
  messages: Messages
  onDone: () => void
}

function Editor({ message, body, onBody, messages, onDone }: EditorProps) {
  const area = useGrow(body)
  const { busy, problem, act } = useAction()
  const error = problem?.field('body') ?? ''
  const id = `edit-${message.number}`

  async function save(event?: FormEvent) {
    event?.preventDefault()
    if (busy) return
    if (body === message.body || (await act(() => messages.edit(message.number, body)))) onDone()
  }

  function onKey(event: KeyboardEvent) {
    if (event.key === 'Escape') onDone()
    if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault()
      void save()
    }
  }

  return (
    <form className="editor" onSubmit={(event) => void save(event)}>
      <textarea ref={area} rows={1} value={body} onChange={(event) => onBody(event.target.value)} onKeyDown={onKey} autoFocus
        aria-label={texts.messages.editLabel(message.number)} aria-invalid={error ? true : undefined}
        aria-describedby={error ? `${id}-error` : `${id}-hint`} />
      {error && <p className="field-error" role="alert" id={`${id}-error`}>{error}</p>}
      {problem && !error && <ErrorNote problem={problem} />}
      <div className="editor-actions">
        <span className="fine" id={`${id}-hint`}>{texts.messages.editHint}</span>
        <Button onClick={onDone}>{texts.cancel}</Button>
        <Button kind="primary" type="submit" busy={busy}>{texts.messages.save}</Button>
      </div>
    </form>
  )
}
