// The two places whose changes a screen reader reads out.
import { polite, urgent } from '../state/announce'
import { useStore } from '../state/store'

export function Live() {
  const calm = useStore(polite)
  const now = useStore(urgent)
  return (
    <>
      <div className="unseen" role="status" aria-live="polite"><span key={calm.id}>{calm.text}</span></div>
      <div className="unseen" role="alert" aria-live="assertive"><span key={now.id}>{now.text}</span></div>
    </>
  )
}
