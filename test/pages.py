"""Makes pages of Markdown files, with GitHub's ids for headings, and their links to each other kept: FROM TO FILE…"""
import pathlib
import re
import sys

import markdown

source, target = map(pathlib.Path, sys.argv[1:3])
for name in sys.argv[3:]:
    html = markdown.markdown((source / name).read_text(encoding="utf-8"),
                             extensions=["toc", "tables", "fenced_code"])
    html = re.sub(r'href="([^":]*)\.md\b', r'href="\1.html', html)
    page = (target / name).with_suffix(".html")
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(f'<!DOCTYPE html><meta charset="utf-8"><title>{name}</title>{html}', encoding="utf-8")
