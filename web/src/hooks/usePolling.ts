// Asks again and again: not while the page is hidden, and less and less often while it fails.
import { useEffect, useRef } from 'react'

export function usePolling(ask: () => Promise<unknown>, everyMs: number, failing: boolean, active = true) {
  const latest = useRef({ ask, failing })
  latest.current = { ask, failing }

  useEffect(() => {
    if (!active) return
    let timer = 0
    let failures = 0
    let stopped = false
    let asking = false

    async function tick() {
      clearTimeout(timer)
      if (stopped || document.hidden || asking) return
      asking = true
      try {
        await latest.current.ask()
      } finally {
        asking = false
      }
      failures = latest.current.failing ? failures + 1 : 0
      if (!stopped) timer = window.setTimeout(tick, Math.min(everyMs * 2 ** Math.min(failures, 3), 15000))
    }

    timer = window.setTimeout(tick, everyMs)
    document.addEventListener('visibilitychange', tick)
    addEventListener('online', tick)
    return () => {
      stopped = true
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', tick)
      removeEventListener('online', tick)
    }
  }, [everyMs, active])
}
