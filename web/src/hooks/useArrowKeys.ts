// Up, Down, Home and End move the focus within a list of links or buttons that carry data-item.
import type { KeyboardEvent } from 'react'

export function onArrowKeys(event: KeyboardEvent<HTMLElement>) {
  if (event.altKey || event.ctrlKey || event.metaKey) return
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-item]')]
  const now = items.indexOf(document.activeElement as HTMLElement)
  const to = target(event.key, now, items.length - 1)
  if (to === undefined || !items[to]) return
  event.preventDefault()
  items[to].focus()
}

function target(key: string, now: number, last: number) {
  switch (key) {
    case 'ArrowDown':
      return Math.min(now + 1, last)
    case 'ArrowUp':
      return now < 0 ? last : Math.max(now - 1, 0)
    case 'Home':
      return 0
    case 'End':
      return last
    default:
      return undefined
  }
}
