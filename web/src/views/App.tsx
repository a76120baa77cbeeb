// The frame: what stands around every view, and which view stands in it.
import { useEffect, useRef } from 'react'
import { useRoute, type Route } from '../state/route'
import { texts } from '../texts'
import { Button } from '../ui/Button'
import { Empty } from '../ui/Empty'
import { Live } from '../ui/Live'
import { Banner } from './Banner'
import { ChatsView } from './ChatsView'
import { PerformanceView } from './PerformanceView'
import { StatusView } from './StatusView'
import { TopBar } from './TopBar'

export function App() {
  const route = useRoute()
  const main = useRef<HTMLElement>(null)
  const first = useRef(true)

  // Another view is a new page: that is where reading goes on.
  useEffect(() => {
    if (route.view === 'performance') document.title = `${texts.title.performance} · ${texts.product}`
    if (route.view === 'status') document.title = `${texts.title.status} · ${texts.product}`
    if (!first.current) main.current?.focus({ preventScroll: true })
    first.current = false
  }, [route.view])

  return (
    <div className="shell">
      <Button className="skip" onClick={() => main.current?.focus()}>{texts.skip}</Button>
      <TopBar view={route.view} />
      <Banner view={route.view} />
      <main ref={main} tabIndex={-1} className="main">
        <View route={route} />
      </main>
      <Live />
    </div>
  )
}

function View({ route }: { route: Route }) {
  switch (route.view) {
    case 'chats':
      return <ChatsView {...route} />
    case 'performance':
      return <PerformanceView />
    case 'status':
      return <StatusView />
    default:
      return (
        <div className="page">
          <h1 className="unseen">{texts.title.lost}</h1>
          <Empty icon="warning" title={texts.errors.lostTitle} text={texts.errors.lostText}>
            <a className="button primary" href="#/">{texts.errors.home}</a>
          </Empty>
        </div>
      )
  }
}
