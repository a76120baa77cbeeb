// What is being written, by chat; kept for this tab.
import { keptStore } from './kept'
import type { Store } from './store'

const drafts = new Map<string, Store<string>>()

export function draftOf(token: string, chat: number) {
  const name = `draft.${token}/${chat}`
  let draft = drafts.get(name)
  if (!draft) drafts.set(name, (draft = keptStore<string>(sessionStorage, name, '')))
  return draft
}

export const keepDraft = (token: string, chat: number, text: string) => draftOf(token, chat).set(text)
