# browser.bash: a real Chromium without a window.

# It dislikes root, so root runs it as the user that runs MariaDB.
browser_user() { mariadb_user "$1"; }

# browse URL: prints the document as it is when its scripts are done. What Chromium says: log/chromium.log
browse() {
  local user home=$PARLEY_VAR/chromium
  user=$(browser_user "$PARLEY_VAR")
  own "$user" "$home" || return
  timeout 120 setpriv --reuid "$user" --regid "$user" --clear-groups -- \
    env -i PATH="$PATH" HOME="$home" TMPDIR="$home" chromium --headless=new --no-sandbox --disable-gpu \
    --disable-dev-shm-usage --user-data-dir="$home/data" --virtual-time-budget=60000 --dump-dom "$1" \
    2>>"$PARLEY_VAR/log/chromium.log" 3>&-
}
