import { useSyncExternalStore } from 'react'

export function useMedia(query: string) {
  return useSyncExternalStore((changed) => {
    const media = matchMedia(query)
    media.addEventListener('change', changed)
    return () => media.removeEventListener('change', changed)
  }, () => matchMedia(query).matches)
}
