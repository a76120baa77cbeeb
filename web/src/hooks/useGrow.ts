// A text area as high as its text; the style sheet says how high that may be.
import { useLayoutEffect, useRef } from 'react'

export function useGrow(text: string) {
  const area = useRef<HTMLTextAreaElement>(null)
  useLayoutEffect(() => {
    const element = area.current
    if (!element) return
    element.style.height = 'auto'
    element.style.height = `${element.scrollHeight + element.offsetHeight - element.clientHeight}px`
  }, [text])
  return area
}
