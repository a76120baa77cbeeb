# venv.bash: Python programs of PyPI for tests, in build/venv: the versions of test/requirements.txt.

venv_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
venv=$venv_root/build/venv

# venv_make: installs them unless they are there. Several tests may ask at once.
venv_make() {
  local wanted
  wanted=$(cksum <"$venv_root/test/requirements.txt")
  mkdir -p "$venv_root/build"
  (
    flock 9
    [ "$(cat "$venv/made-of" 2>/dev/null)" != "$wanted" ] || exit 0
    rm -rf "$venv"
    /usr/bin/python3 -m venv "$venv" &&
      "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --retries 10 \
        --requirement "$venv_root/test/requirements.txt" &&
      echo "$wanted" >"$venv/made-of"
  ) 9>>"$venv_root/build/venv.lock"
}
