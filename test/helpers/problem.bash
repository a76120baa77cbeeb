# problem.bash: what an answer must be to be a problem (RFC 9457) as the contract has it.

# The types that have a page, a line each, asked for once per file.
problem_types() {
  local list=$BATS_FILE_TMPDIR/problems
  [ -s "$list" ] ||
    curl -sS "$API/problems" | grep -oE 'problems/[a-z-]+' | sed 's,.*/,,' >"$list" || return 1
  cat "$list"
}

# problem STATUS NAME: what was asked last is refused so, in full form (without jq, whose start is slow)
problem() {
  local wanted="^\{\"type\":\"/problems/$2\",\"title\":\"[^\"]+\",\"status\":$1,\"detail\":\".+\"[,}]"
  expect "$1"
  [[ $body =~ $wanted ]] || same "$body" "$wanted"
  wanted=$'\n'$headers$'\n'
  [[ $wanted == *$'\nContent-Type: application/problem+json\n'* ]] || same "$headers" "a problem's"
  [[ $wanted == *$'\nCache-Control: no-store\n'* ]] || same "$headers" no-store
  [[ $wanted == *$'\nReferrer-Policy: no-referrer\n'* ]] || same "$headers" no-referrer
  [[ $wanted == *$'\nX-Request-Id: '[A-Za-z0-9]* ]] || same "$headers" 'with an id'
  [[ $'\n'$(problem_types)$'\n' == *$'\n'"$2"$'\n'* ]] || same "$(problem_types)" "with $2"
}
