// Applications, the chats of one, the messages of one of these: three panes, or on a small screen the last of
// them that was gone into.
import { useEffect, useState } from 'react'
import { asProblem, type Problem } from '../api/problem'
import { applications, opened, openApplication } from '../state/applications'
import { useStore } from '../state/store'
import { texts } from '../texts'
import { Empty } from '../ui/Empty'
import { ApplicationsPane } from './ApplicationsPane'
import { ChatsPane } from './ChatsPane'
import { MessagesPane } from './MessagesPane'

interface Props {
  token?: string
  chat?: number
  message?: number
  q?: string
}

export function ChatsView({ token, chat, message, q }: Props) {
  const depth = chat ? 'messages' : token ? 'chats' : 'applications'
  const { application, problem, again } = useApplication(token)

  useEffect(() => {
    const place = chat ? texts.title.chat(chat)
      : application ? texts.title.chats(application.name) : texts.title.applications
    document.title = `${place} · ${texts.product}`
  }, [application, chat])

  return (
    <div className="panes" data-depth={depth}>
      <h1 className="unseen">{texts.nav.chats}</h1>
      <ApplicationsPane chosen={token} />
      {token ? (
        <ChatsPane key={token} token={token} application={application} problem={problem} onRetry={again} chosen={chat} />
      ) : (
        <section className="pane chats placeholder" aria-label={texts.chats.heading} />
      )}
      {token && chat ? (
        <MessagesPane key={`${token}/${chat}`} token={token} chat={chat} name={application?.name ?? ''}
          message={message} q={q} />
      ) : (
        <Placeholder token={token} />
      )}
    </div>
  )
}

// Where messages would be: what to do next.
function Placeholder({ token }: { token?: string }) {
  const { items, state } = useStore(applications)
  const [title, text] = token ? [texts.chats.pickTitle, texts.chats.pickText]
    : items.length || state !== 'ready' ? [texts.applications.pickTitle, texts.applications.pickText]
      : [texts.applications.welcomeTitle, texts.applications.welcomeText]
  return (
    <section className="pane messages placeholder" aria-label={texts.nav.chats}>
      <Empty icon="chat" title={title} text={text} />
    </section>
  )
}

// By its token, which a link may bring along without the list ever having been seen.
function useApplication(token?: string) {
  const known = useStore(opened)
  const [problem, setProblem] = useState<Problem>()
  const [turn, setTurn] = useState(0)

  useEffect(() => {
    if (!token) return
    let current = true
    setProblem(undefined)
    openApplication(token).catch((error) => current && setProblem(asProblem(error)))
    return () => {
      current = false
    }
  }, [token, turn])

  return { application: token ? known.get(token) : undefined, problem, again: () => setTurn((n) => n + 1) }
}
