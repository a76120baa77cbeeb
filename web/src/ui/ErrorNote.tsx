// What went wrong, in the server's words, where it went wrong.
import type { Problem } from '../api/problem'
import { texts } from '../texts'
import { Button } from './Button'
import { Icon } from './Icon'

export function ErrorNote({ problem, onRetry }: { problem: Problem; onRetry?: () => void }) {
  return (
    <div className="error-note" role="alert">
      <Icon name="warning" />
      <div>
        <p>{problem.detail}</p>
        {problem.requestId && <p className="fine" title={problem.requestId}>{texts.errors.id(problem.requestId.slice(0, 12))}</p>}
      </div>
      {onRetry && <Button onClick={onRetry}>{texts.retry}</Button>}
    </div>
  )
}
