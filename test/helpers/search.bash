# search.bash: what the tests of search share that run on either engine (STACK_SEARCH). Needs helpers/stack and
# helpers/load.

# search_settings: before stack_start. $source is the engine that has to answer, in the words of X-Search-Source.
search_settings() {
  source=${STACK_SEARCH:-mysql}
  export source SEARCH_SOURCE=$source
  [ "$source" = elasticsearch ] || return 0
  # however busy the machine is: a search that fell back would be no test of it
  export PARLEY_ELASTICSEARCH_TIMEOUT_MS=20000 PARLEY_SEARCH_BUDGET_MS=60000 PARLEY_INDEX_MS=50
  export SEARCH_WAIT="source '$stack_root/test/helpers/stack.bash'; source '$stack_root/test/helpers/load.bash'
    wait_for 60 indexed"
}

# all_indexed: the engine has all that is stored
all_indexed() { [ "$source" = mysql ] || wait_for 60 indexed; }

# searches WHAT…: see test/search/run.py
searches() { "$stack_root/test/search/run.py" "$API" "$WRITER" "$token" "$@"; }
