import type { ReactNode } from 'react'
import { Icon, type IconName } from './Icon'

interface Props {
  icon: IconName
  title: string
  text?: string
  children?: ReactNode
}

export function Empty({ icon, title, text, children }: Props) {
  return (
    <div className="empty">
      <span className="empty-icon"><Icon name={icon} size={26} /></span>
      <p className="empty-title">{title}</p>
      {text && <p className="empty-text">{text}</p>}
      {children}
    </div>
  )
}

// Grey lines where a list is about to be; shown only when it takes a moment.
export function Skeleton({ lines = 6 }: { lines?: number }) {
  return (
    <div className="skeleton" aria-hidden="true">
      {Array.from({ length: lines }, (_, n) => <span key={n} />)}
    </div>
  )
}
