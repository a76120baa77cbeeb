import { useEffect, useState } from 'react'
import type { Service } from '../api/types'
import { currentRoute, hashOf, type Route } from '../state/route'
import { nextTheme, service, theme } from '../state/settings'
import { useStore } from '../state/store'
import { texts } from '../texts'
import { IconButton } from '../ui/Button'
import { Icon, type IconName } from '../ui/Icon'

const views: { view: 'chats' | 'performance' | 'status'; icon: IconName }[] = [
  { view: 'chats', icon: 'chat' },
  { view: 'performance', icon: 'gauge' },
  { view: 'status', icon: 'pulse' },
]

export function TopBar({ view }: { view: Route['view'] }) {
  // Back from another view, one is where one was.
  const [place, setPlace] = useState<Route>({ view: 'chats' })
  useEffect(() => {
    const note = () => currentRoute().view === 'chats' && setPlace(currentRoute())
    note()
    addEventListener('hashchange', note)
    return () => removeEventListener('hashchange', note)
  }, [])

  return (
    <header className="top">
      <a className="brand" href="#/">
        <svg width="26" height="26" viewBox="0 0 32 32" aria-hidden="true">
          <rect width="32" height="32" rx="8" fill="currentColor" />
          <path d="M8 8.500h16a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-8.500L10 25v-4.500H8a2 2 0 0 1-2-2v-8a2 2 0 0 1 2-2Z" className="brand-bubble" />
          <path d="M11 12.800h10M11 16.400h6" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />
        </svg>
        <span>{texts.product}</span>
      </a>
      <nav aria-label={texts.nav.label} className="nav">
        {views.map((one) => (
          <a key={one.view} href={one.view === 'chats' && view !== 'chats' ? hashOf(place) : hashOf({ view: one.view })}
            aria-current={view === one.view ? 'page' : undefined}>
            <Icon name={one.icon} />
            <span>{texts.nav[one.view]}</span>
          </a>
        ))}
      </nav>
      <ServiceSwitch />
      <ThemeButton />
    </header>
  )
}

function ServiceSwitch() {
  const now = useStore(service)
  return (
    <fieldset className="switch">
      <legend className="unseen">{texts.service.label}</legend>
      {(['api', 'writer'] as Service[]).map((one) => (
        <label key={one} className={one} title={texts.service.hint[one]}>
          <input type="radio" name="service" value={one} checked={now === one} onChange={() => service.set(one)} />
          <span className="wide-only">{texts.service[one]}</span>
          <span className="narrow-only" aria-hidden="true">{texts.service.short[one]}</span>
        </label>
      ))}
    </fieldset>
  )
}

function ThemeButton() {
  const now = useStore(theme)
  return <IconButton icon={now} label={texts.theme.label(texts.theme[now])} onClick={nextTheme} />
}
