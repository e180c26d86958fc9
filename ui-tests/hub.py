"""A JupyterHub with the service of a team for the browser tests: its addresses as JSON on one line, up until its
standard input is closed.

`mlenv` waits with a note, `rep` was published, and `nlp` waits too.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.hub.team import DECIDE, EVIL, team_in


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="dataflow-envs-ui-tests-") as folder, team_in(Path(folder)) as team:
        alice, boss = team.rest("alice"), team.rest("boss", DECIDE)
        boss.approve(alice.submit("rep", "For the monthly figures"))
        notes = {"mlenv": "For the course in May: please decide by Friday.", "nlp": EVIL}
        reviews = {name: alice.submit(name, note)["id"] for name, note in notes.items()}
        sys.stdout.write(json.dumps({"hub": team.hub.url, "url": team.url, "reviews": reviews}) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
