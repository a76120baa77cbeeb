// Where one writes. What a server refuses as it is (422) comes back here, with its words beside it.
import { useState, type FormEvent, type KeyboardEvent } from 'react'
import { useGrow } from '../hooks/useGrow'
import { draftOf, keepDraft } from '../state/drafts'
import { send } from '../state/outbox'
import { service } from '../state/settings'
import { useStore } from '../state/store'
import { texts } from '../texts'
import { Icon } from '../ui/Icon'

interface Props {
  token: string
  chat: number
  onSent: () => void
}

export function Composer({ token, chat, onSent }: Props) {
  const body = useStore(draftOf(token, chat))
  const through = useStore(service)
  const [error, setError] = useState('')
  const area = useGrow(body)

  async function submit(event?: FormEvent) {
    event?.preventDefault()
    if (!body) return
    keepDraft(token, chat, '')
    setError('')
    onSent()
    const problem = await send(token, chat, through, body)
    if (!problem) return
    // what was typed since stays behind it
    keepDraft(token, chat, body + draftOf(token, chat).get())
    setError(problem.field('body') || problem.detail)
  }

  function onKey(event: KeyboardEvent) {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
    event.preventDefault()
    void submit()
  }

  return (
    <form className="composer" onSubmit={(event) => void submit(event)}>
      {error && <p className="field-error" role="alert" id="composer-error">{error}</p>}
      <div className="composer-box" data-service={through}>
        <textarea ref={area} rows={1} value={body} placeholder={texts.composer.placeholder} dir="auto"
          onChange={(event) => { keepDraft(token, chat, event.target.value); setError('') }} onKeyDown={onKey}
          aria-label={texts.composer.label(chat)} aria-invalid={error ? true : undefined}
          aria-describedby={error ? 'composer-error' : 'composer-hint'} />
        <button type="submit" className="send" aria-label={texts.composer.send} title={texts.composer.send}
          aria-disabled={!body || undefined}>
          <Icon name="send" />
        </button>
      </div>
      <p className="composer-hint" id="composer-hint">
        <span className={`dot ${through}`} aria-hidden="true" />{texts.composer.via[through]}
        <span className="keys">{texts.composer.hint}</span>
      </p>
    </form>
  )
}
