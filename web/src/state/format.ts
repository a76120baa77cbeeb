// Times and numbers as people read them.

const clock = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', hour12: false })
const clockS = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false })
const day = new Intl.DateTimeFormat('en', { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' })
const full = new Intl.DateTimeFormat('en', { dateStyle: 'full', timeStyle: 'long' })
const thisYear = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short' })
const longAgo = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short', year: 'numeric' })

export const clockTime = (at: string | number) => clock.format(new Date(at))
export const clockSeconds = (at: string | number) => clockS.format(new Date(at))
export const dayOf = (at: string | number) => day.format(new Date(at))
export const fullTime = (at: string | number) => full.format(new Date(at))

// As much of it as tells it from now: the time today, the day before that.
export function shortTime(at: string | number) {
  const then = new Date(at)
  const now = new Date()
  if (then.toDateString() === now.toDateString()) return clock.format(then)
  return (then.getFullYear() === now.getFullYear() ? thisYear : longAgo).format(then)
}

// Three figures are as precise as a measured time is.
export function milliseconds(ms: number | undefined) {
  if (ms === undefined) return '–'
  return ms >= 100 ? ms.toFixed(0) : ms >= 10 ? ms.toFixed(1) : ms.toFixed(2)
}

export const decimal = (n: number) => (n === 0 ? '0' : n >= 100 ? n.toFixed(0) : n >= 10 ? n.toFixed(1) : n.toFixed(2))
