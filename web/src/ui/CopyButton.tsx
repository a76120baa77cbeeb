// Copies a text, and says that it did. Where a browser does not allow it (a page without TLS, from another
// machine), the text is shown to be copied by hand.
import { useEffect, useState } from 'react'
import { announce } from '../state/announce'
import { texts } from '../texts'
import { Button } from './Button'
import { Dialog } from './Dialog'

interface Props {
  text: string
  label: string
  done: string
  failed: string
}

export function CopyButton({ text, label, done, failed }: Props) {
  const [state, setState] = useState<'' | 'copied' | 'shown'>('')
  useEffect(() => {
    if (state !== 'copied') return
    const timer = setTimeout(() => setState(''), 2000)
    return () => clearTimeout(timer)
  }, [state])

  async function copy() {
    try {
      await navigator.clipboard.writeText(text)
      setState('copied')
      announce(done)
    } catch {
      setState('shown')
    }
  }

  return (
    <>
      <Button icon={state === 'copied' ? 'check' : 'copy'} onClick={() => void copy()}>
        {state === 'copied' ? texts.applications.copied : label}
      </Button>
      {state === 'shown' && (
        <Dialog title={label} onClose={() => setState('')}>
          <p className="dialog-text">{failed}</p>
          <input className="mono" readOnly value={text} aria-label={label} onFocus={(event) => event.target.select()} />
        </Dialog>
      )}
    </>
  )
}
