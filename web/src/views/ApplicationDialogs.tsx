// Naming an application (a new one, or one that is there), and opening one by its token.
import { useState, type FormEvent } from 'react'
import type { Application } from '../api/types'
import { useAction } from '../hooks/useAction'
import { announce } from '../state/announce'
import { createApplication, openApplication, renameApplication } from '../state/applications'
import { go } from '../state/route'
import { texts } from '../texts'
import { Button } from '../ui/Button'
import { Dialog } from '../ui/Dialog'
import { ErrorNote } from '../ui/ErrorNote'
import { Field } from '../ui/Field'

export function NameDialog({ application, onClose }: { application?: Application; onClose: () => void }) {
  const [name, setName] = useState(application?.name ?? '')
  const { busy, problem, act } = useAction()
  const error = problem?.field('name') ?? ''

  async function save() {
    if (application) return renameApplication(application.token, name)
    const { token } = await createApplication(name)
    announce(texts.applications.created(name))
    go({ view: 'chats', token })
  }

  async function submit(event: FormEvent) {
    event.preventDefault()
    if (!busy && (await act(save))) onClose()
  }

  return (
    <Dialog title={application ? texts.applications.renameTitle : texts.applications.create} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)} noValidate>
        <Field label={texts.applications.name} placeholder={texts.applications.namePlaceholder} value={name}
          onChange={(event) => setName(event.target.value)} error={error} />
        {problem && !error && <ErrorNote problem={problem} />}
        <div className="dialog-actions">
          <Button onClick={onClose}>{texts.cancel}</Button>
          <Button kind="primary" type="submit" busy={busy}>
            {application ? texts.applications.save : texts.applications.submit}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

export function OpenDialog({ onClose }: { onClose: () => void }) {
  const [token, setToken] = useState('')
  const [bad, setBad] = useState(false)
  const { busy, problem, act } = useAction()

  async function submit(event: FormEvent) {
    event.preventDefault()
    const wanted = token.trim()
    setBad(!/^[0-9a-f]{32}$/.test(wanted))
    if (busy || !/^[0-9a-f]{32}$/.test(wanted)) return
    if (!(await act(() => openApplication(wanted)))) return
    onClose()
    go({ view: 'chats', token: wanted })
  }

  return (
    <Dialog title={texts.applications.openTitle} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)} noValidate>
        <p className="dialog-text">{texts.applications.openText}</p>
        <Field label={texts.applications.token} className="mono" spellCheck={false} value={token}
          onChange={(event) => setToken(event.target.value)} error={bad ? texts.applications.tokenBad : ''} />
        {problem && <ErrorNote problem={problem} />}
        <div className="dialog-actions">
          <Button onClick={onClose}>{texts.cancel}</Button>
          <Button kind="primary" type="submit" busy={busy}>{texts.applications.openSubmit}</Button>
        </div>
      </form>
    </Dialog>
  )
}
