// Says across the whole page what is down, and what works all the same.
import { useEffect, useRef, useState } from 'react'
import { useOnline } from '../hooks/useOnline'
import { usePolling } from '../hooks/usePolling'
import { checkHealth, reports, troubleOf } from '../state/health'
import type { Route } from '../state/route'
import { useStore } from '../state/store'
import { texts } from '../texts'
import { Icon } from '../ui/Icon'
import { decimal } from '../state/format'

export function Banner({ view }: { view: Route['view'] }) {
  const { api } = useStore(reports)
  const online = useOnline()
  const trouble = troubleOf(api, online)
  const before = useRef(trouble)
  const [isBack, setBack] = useState(false)

  useEffect(() => void checkHealth('api'), [])
  // Quickly, while one waits for it to come back.
  usePolling(() => checkHealth('api'), view === 'status' || trouble ? 2000 : 8000, false)

  useEffect(() => {
    const was = before.current
    before.current = trouble
    setBack(was !== '' && trouble === '')
    if (trouble) return
    const timer = setTimeout(() => setBack(false), 5000)
    return () => clearTimeout(timer)
  }, [trouble])

  const age = api?.health?.queue.oldest_age_s ?? 0
  return (
    <div className="banner-place" role="status" aria-label={texts.banner.label}>
      {trouble && (
        <div className={`banner ${trouble === 'late' || trouble === 'elasticsearch' ? 'mild' : ''}`} data-trouble={trouble}>
          <Icon name="warning" />
          <p>{trouble === 'late' ? texts.banner.late(decimal(age))
            : trouble === 'origin' ? texts.banner.origin(location.origin) : texts.banner[trouble]}</p>
          {view !== 'status' && <a href="#/status">{texts.banner.more}</a>}
        </div>
      )}
      {isBack && <div className="banner good"><Icon name="check" /><p>{texts.banner.back}</p></div>}
    </div>
  )
}
