import type { ButtonHTMLAttributes, Ref } from 'react'
import { Icon, type IconName } from './Icon'

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: 'primary' | 'plain' | 'quiet' | 'danger'
  icon?: IconName
  busy?: boolean
  ref?: Ref<HTMLButtonElement>
}

// While it is busy it keeps the focus: a disabled button would lose it.
export function Button({ kind = 'plain', icon, busy, children, className = '', onClick, ...rest }: Props) {
  return (
    <button type="button" {...rest} className={`button ${kind} ${className}`} aria-disabled={busy || undefined}
      data-busy={busy || undefined} onClick={busy ? (event) => event.preventDefault() : onClick}>
      {icon && <Icon name={icon} size={18} />}
      {children && <span>{children}</span>}
    </button>
  )
}

interface IconProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  icon: IconName
  label: string
  ref?: Ref<HTMLButtonElement>
}

export function IconButton({ icon, label, className = '', ...rest }: IconProps) {
  return (
    <button type="button" {...rest} className={`icon-button ${className}`} aria-label={label} title={label}>
      <Icon name={icon} />
    </button>
  )
}
