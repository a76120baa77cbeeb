import './css/main.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { applyTheme, theme } from './state/settings'
import { App } from './views/App'
import { Crash } from './views/Crash'

applyTheme()
theme.subscribe(applyTheme)

createRoot(document.getElementById('root')!).render(<StrictMode><Crash><App /></Crash></StrictMode>)
