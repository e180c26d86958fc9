"""Hand-made packages: what no wheel holds but conda packages do, and what goes wrong with them."""

from __future__ import annotations

import random
import shutil
import subprocess
import tempfile
from pathlib import Path

from .archive import PLACEHOLDER, Package, PackageFile

LONG_PLACEHOLDER = ("/opt/placehold" + "_placehold" * 25)[:255]  # as long as conda-build makes it, for binaries
BIG_BYTES = 30_000_000
TINY_NAMES = [f"tiny-{n:03d}" for n in range(20)]
TINY_VERSIONS = [f"1.{n}" for n in range(10)]
ACTIVATED_SUM = 42  # what `activated` computes when it is activated


def python_package(name: str, version: str, module: str, *more: PackageFile, depends: tuple[str, ...] = ()) -> Package:
    """A `noarch: python` package with one module (its text is `module`) and the dist-info that pip and uv look for."""
    under = name.replace("-", "_")
    info = f"{under}-{version}.dist-info"
    contents = {
        f"{under}.py": module,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/INSTALLER": "conda\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in [*contents, f"{info}/RECORD"])
    contents[f"{info}/RECORD"] = record
    files = [PackageFile(f"site-packages/{path}", text.encode()) for path, text in contents.items()]
    return Package(name, version, [*files, *more], noarch="python", depends=["python >=3.10", *depends])


def tiny_packages() -> list[Package]:
    """Twenty packages in ten versions: enough for any number of distinct locks without a download."""
    return [
        python_package(name, version, f'VERSION = "{version}"\n') for name in TINY_NAMES for version in TINY_VERSIONS
    ]


def special_packages() -> list[Package]:
    """All hand-made packages but `old_format` and `bad_hash`, which are packed in their own ways."""
    return [
        activated(),
        long_prefix(),
        post_link(),
        broken_kernel(),
        big_data(),
        _generic("constrains", "1.0", constrains=["click <8.2"]),
        _generic("shared-lib", "1.0"),
        _generic("shared-lib", "2.0"),
        _generic("conflict-a", "1.0", depends=["shared-lib <2"]),
        _generic("conflict-b", "1.0", depends=["shared-lib >=2"]),
        _generic("dangling", "1.0", depends=["not-in-this-channel >=1"]),
        _generic("needs-cuda", "1.0", depends=["__cuda >=12"]),
    ]


def activated() -> Package:
    """Its script computes what no stored variable could hold, and in bash only: `sh` stops at `[[` and at the array."""
    up = f"""\
activated_parts=(19 {ACTIVATED_SUM - 19})
if [[ -d "${{CONDA_PREFIX}}/share/activated" && ${{#activated_parts[@]}} -eq 2 ]]; then
    export ACTIVATED_SUM=$(( activated_parts[0] + activated_parts[1] ))
    export ACTIVATED_HOME="${{CONDA_PREFIX}}/share/activated"
fi
unset activated_parts
"""
    return Package(
        "activated",
        "1.0",
        [
            PackageFile("etc/conda/activate.d/activated.sh", up.encode()),
            PackageFile("etc/conda/deactivate.d/activated.sh", b"unset ACTIVATED_SUM ACTIVATED_HOME\n"),
            PackageFile("share/activated/README.txt", b"where ACTIVATED_HOME points\n"),
        ],
        noarch="generic",
    )


def long_prefix() -> Package:
    """`long-prefix` prints its prefix and the text of a file it finds there by the path within its own bytes.

    An ELF (or Mach-O) where a C compiler is; else a script that reads the path from a binary file.
    """
    note = PackageFile("share/long-prefix/note.txt", b"found by an embedded path\n")
    compiled = _compiled()
    if compiled:
        program = PackageFile("bin/long-prefix", compiled, mode=0o755, placeholder=LONG_PLACEHOLDER, binary=True)
        return Package("long-prefix", "1.0", [program, note])
    paths = f"{LONG_PLACEHOLDER}\0\0{LONG_PLACEHOLDER}/share/long-prefix/note.txt\0\0\xff".encode("latin-1")
    script = f"""\
#!{PLACEHOLDER}/bin/python
from pathlib import Path
data = Path(__file__).resolve().parent.parent.joinpath("share/long-prefix/paths.bin").read_bytes()
prefix, note = [part.decode() for part in data[:-1].split(b"\\0") if part]
print(prefix)
print(Path(note).read_text(), end="")
"""
    return Package(
        "long-prefix",
        "1.0",
        [
            PackageFile("bin/long-prefix", script.encode(), mode=0o755, placeholder=PLACEHOLDER),
            PackageFile("share/long-prefix/paths.bin", paths, placeholder=LONG_PLACEHOLDER, binary=True),
            note,
        ],
        depends=["python >=3.10"],
    )


def _compiled() -> bytes | None:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    # Volatile: the compiler must neither compute with the length of the text nor share its tail.
    code = f"""\
#include <stdio.h>
static const volatile char prefix[] = "{LONG_PLACEHOLDER}";
static const volatile char note[] = "{LONG_PLACEHOLDER}/share/long-prefix/note.txt";
int main(void) {{
    char line[256];
    FILE *file = fopen((const char *)note, "r");
    puts((const char *)prefix);
    if (file == NULL || fgets(line, sizeof line, file) == NULL) return 1;
    fputs(line, stdout);
    return 0;
}}
"""
    with tempfile.TemporaryDirectory() as folder:
        source, program = Path(folder, "long-prefix.c"), Path(folder, "long-prefix")
        source.write_text(code)
        command = [compiler, "-O1", "-w", "-o", str(program), str(source)]
        if subprocess.run(command, check=False, capture_output=True).returncode:
            return None
        return program.read_bytes()


def post_link() -> Package:
    """Its post-link script leaves `share/post-link/ran.txt` in the prefix, if the deployment lets it run."""
    script = """\
#!/bin/bash
set -eu
echo "$PKG_NAME $PKG_VERSION" > "$PREFIX/share/post-link/ran.txt"
"""
    return Package(
        "post-link",
        "1.0",
        [
            PackageFile("bin/.post-link-post-link.sh", script.encode(), mode=0o755),
            PackageFile("share/post-link/README.txt", b"the post-link script writes ran.txt beside this file\n"),
        ],
        noarch="generic",
    )


def broken_kernel() -> Package:
    """Python runs beside it, but its `.pth` file ends every process that imports ipykernel."""
    module = """\
import sys


class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name == "ipykernel":
            raise SystemExit("broken-kernel: ipykernel can't start in this environment")
        return None


sys.meta_path.insert(0, Refuse())
"""
    pth = PackageFile("site-packages/broken_kernel.pth", b"import broken_kernel\n")
    return python_package("broken-kernel", "1.0", module, pth)


def big_data() -> Package:
    """30 MB that do not compress, so that a download of it can be watched."""
    noise = random.Random("big-data").randbytes(BIG_BYTES)
    return Package("big-data", "1.0", [PackageFile("share/big-data/noise.bin", noise)], noarch="generic")


def old_format() -> Package:
    """The package that is packed as `.tar.bz2`."""
    return python_package("old-format", "1.0", 'FORMAT = "tar.bz2"\n')


def bad_hash(text: str) -> Package:
    """Packed once for the index and once more, with another text, for the download."""
    return Package("bad-hash", "1.0", [PackageFile("share/bad-hash/text.txt", text.encode())], noarch="generic")


def _generic(name: str, version: str, depends: list[str] | None = None, constrains: list[str] | None = None) -> Package:
    note = PackageFile(f"share/{name}/VERSION", version.encode())
    return Package(name, version, [note], noarch="generic", depends=depends or [], constrains=constrains or [])
