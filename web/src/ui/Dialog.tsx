// A modal dialog: the browser's own, which holds the focus, and gives it back.
import { useEffect, useId, useRef, type ReactNode } from 'react'
import { IconButton, Button } from './Button'
import { ErrorNote } from './ErrorNote'
import { useAction } from '../hooks/useAction'
import { texts } from '../texts'

interface Props {
  title: string
  onClose: () => void
  children: ReactNode
}

export function Dialog({ title, onClose, children }: Props) {
  const ref = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const dialog = ref.current!
    const before = document.activeElement as HTMLElement | null
    if (!dialog.open) dialog.showModal()
    dialog.querySelector<HTMLElement>('input, [data-first]')?.focus()
    return () => {
      dialog.close()
      if (before?.isConnected) before.focus()
    }
  }, [])
  return (
    <dialog ref={ref} className="dialog" aria-labelledby={id}
      onCancel={(event) => { event.preventDefault(); onClose() }}
      onMouseDown={(event) => event.target === ref.current && onClose()}>
      <div className="dialog-body">
        <header>
          <h2 id={id}>{title}</h2>
          <IconButton icon="close" label={texts.close} onClick={onClose} />
        </header>
        {children}
      </div>
    </dialog>
  )
}

interface ConfirmProps {
  title: string
  text: string
  submit: string
  onClose: () => void
  onConfirm: () => Promise<unknown>
}

// For what cannot be undone: the focus starts on Cancel.
export function ConfirmDialog({ title, text, submit, onClose, onConfirm }: ConfirmProps) {
  const { busy, problem, act } = useAction()
  return (
    <Dialog title={title} onClose={onClose}>
      <p className="dialog-text">{text}</p>
      {problem && <ErrorNote problem={problem} />}
      <div className="dialog-actions">
        <Button onClick={onClose} data-first>{texts.cancel}</Button>
        <Button kind="danger" busy={busy} onClick={() => void act(onConfirm).then((done) => done && onClose())}>
          {submit}
        </Button>
      </div>
    </Dialog>
  )
}
