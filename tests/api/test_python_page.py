"""The code of docs/python.md, run as it stands there, one block after the other."""

import re
from pathlib import Path

BLOCKS = re.findall(r"```python\n(.*?)```", Path("docs/python.md").read_text("utf-8"), re.S)


def test_every_block_runs(here: Path) -> None:
    assert len(BLOCKS) == 3
    names: dict[str, object] = {}
    for block in BLOCKS:
        exec(compile(block, "docs/python.md", "exec"), names)
    assert {"manifest.json", "quadrants.v"} <= {path.name for path in Path("quadrants").iterdir()}
    assert Path("run.png").stat().st_size > 10_000
