// For a server with an admin key. The key stays in this tab (sessionStorage) and goes to nobody else.
import { useState, type FormEvent } from 'react'
import { useAction } from '../hooks/useAction'
import { applications, loadApplications } from '../state/applications'
import { adminKey } from '../state/settings'
import { useStore } from '../state/store'
import { texts } from '../texts'
import { Button } from '../ui/Button'
import { Field } from '../ui/Field'

export function KeyPrompt({ onOpen }: { onOpen: () => void }) {
  const { problem } = useStore(applications)
  const [key, setKey] = useState('')
  const [tried, setTried] = useState(false)
  const { busy, act } = useAction()

  async function submit(event: FormEvent) {
    event.preventDefault()
    if (busy || !key.trim()) return
    adminKey.set(key.trim())
    await act(loadApplications)
    setTried(true)
    if (applications.get().state === 'failed') adminKey.set('')
  }

  return (
    <form className="key-prompt" onSubmit={(event) => void submit(event)} noValidate>
      <h3>{texts.key.title}</h3>
      <p>{texts.key.text}</p>
      <Field label={texts.key.label} type="password" autoComplete="off" className="mono" value={key}
        onChange={(event) => setKey(event.target.value)}
        error={tried && problem?.type === 'admin-key' ? texts.key.wrong : ''} />
      <Button kind="primary" type="submit" busy={busy}>{texts.key.submit}</Button>
      <p className="fine">{texts.key.or}</p>
      <Button onClick={onOpen}>{texts.applications.open}</Button>
    </form>
  )
}
