"""Where the verdicts stand: bench/RESULTS.md, a section for each bench, in place of its last."""

import re

from bench.servers import ROOT

PATH = ROOT / "bench" / "RESULTS.md"


def write(title: str, section: str) -> None:
    """Put a section, which begins with its `title` ("## ..."), in place of the one of that title, or at the end."""
    known = PATH.read_text(encoding="utf-8") if PATH.exists() else "# Results\n"
    pattern = re.compile(re.escape(title) + r"\n.*?(?=\n## |\Z)", re.DOTALL)
    known = pattern.sub(lambda _match: section, known) if pattern.search(known) else f"{known.rstrip()}\n\n{section}"
    PATH.write_text(f"{known.rstrip()}\n", encoding="utf-8")
