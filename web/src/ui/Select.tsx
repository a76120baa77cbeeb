interface Props {
  name: string
  label: string
  value: string
  options: [string, string][]
  onChange: (value: string) => void
}

export function Select({ name, label, value, options, onChange }: Props) {
  return (
    <label className="select">
      <span>{label}</span>
      <select name={name} value={value} onChange={(event) => onChange(event.target.value)}>
        {options.map(([one, text]) => <option key={one} value={one}>{text}</option>)}
      </select>
    </label>
  )
}
