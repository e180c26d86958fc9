"""What the panel costs in a real browser: its code, 1,000 environments, a log of 100,000 lines.

Needs what `make test-browser` installs. Builds the front end as it is published, and leaves it so.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent


def main() -> int:
    subprocess.run(["jlpm", "build:prod"], cwd=HERE, check=True, stdout=subprocess.DEVNULL)
    return subprocess.run(["jlpm", "bench"], cwd=HERE / "ui-tests").returncode


if __name__ == "__main__":
    sys.exit(main())
