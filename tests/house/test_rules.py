"""Rules about the code itself: what the documents say is what the code has."""

import ast
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

from queueapp.config import SETTINGS
from queueapp.domain import errors
from queueapp.domain.events import EventKind
from queueapp.domain.states import MOVES
from queueapp.store import keys, library

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("queueapp", "actors", "forecasting")


def sources() -> list[Path]:
    """Every Python file of the product."""
    return sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def test_state_machine_document_has_every_move() -> None:
    """docs/state_machine.md draws exactly the moves of the table."""
    text = (ROOT / "docs/state_machine.md").read_text()
    drawn = set(re.findall(r"^    (\w+) --> (\w+):", text, re.MULTILINE))
    allowed = {(str(old), str(new)) for old, targets in MOVES.items() for new in targets}

    assert allowed == drawn


def test_every_script_has_header_and_caller() -> None:
    """A script says what it does, what it returns and what it moves, and somebody calls it."""
    code = "\n".join(path.read_text() for path in sources())
    for name in library.library().scripts:
        text = (ROOT / f"queueapp/store/lua/{name}.lua").read_text()
        assert text.startswith(f"--- {name}: "), name
        assert "--- returns" in text, name
        assert re.search(rf'"{name}"', code), f"nobody calls {name}"


def test_every_event_of_the_scripts_is_known() -> None:
    """A script that tells a new kind of event gives it a schema, too."""
    lua = "\n".join(path.read_text() for path in (ROOT / "queueapp/store/lua").glob("*.lua"))
    told = set(re.findall(r"\bevent\([\w.]+, '(\w+)'", lua))

    assert "submitted" in told
    assert told <= set(EventKind)


def test_every_key_is_used() -> None:
    """The key table has no entry that nothing reads or writes."""
    code = "\n".join(path.read_text() for path in sources())
    lua = "\n".join(path.read_text() for path in (ROOT / "queueapp/store/lua").glob("*.lua"))
    unused = [n for n in keys.PATTERNS if f'"{n}"' not in code.split("PATTERNS")[-1] + code]
    missing = [name for name in unused if f"K.{name}(" not in lua]

    assert [] == missing


def test_readme_lists_every_setting() -> None:
    """Every setting stands in the README's table."""
    text = (ROOT / "README.md").read_text()

    assert [] == [name for name in SETTINGS if f"`{name}`" not in text]


def test_no_file_is_long() -> None:
    """No file of the product has more than 500 lines."""
    long = {str(path): n for path in sources() if (n := path.read_text().count("\n")) > 500}

    assert {} == long


def imported(path: Path) -> set[str]:
    """Return what a file imports anywhere but for its types: modules, or names in them."""
    tree = ast.parse(path.read_text())
    typed = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    skipped = {id(inner) for node in typed for inner in ast.walk(node)}
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and id(node) not in skipped:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return found


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Not even inside functions: a module can be understood after those that it imports."""
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in sources()
    }
    graph = {name: (imported(path) & modules.keys()) - {name} for name, path in modules.items()}

    assert len(modules) == len([*TopologicalSorter(graph).static_order()])


def test_no_test_module_imports_another() -> None:
    """What several need stands in a module of its own, so that each file can be read alone."""
    tests = [*(ROOT / "tests").rglob("test_*.py")]
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts) for path in tests}

    assert {} == {path.name: both for path in tests if (both := imported(path) & names)}


def test_error_codes_are_unique() -> None:
    """Two errors never share a code, so a client can tell them apart."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    codes = [k.code for k in kinds if issubclass(k, errors.QueueappError)]

    assert len(codes) == len(set(codes))


def test_web_process_loads_no_job_code() -> None:
    """Importing the application loads neither job types nor statsmodels nor polars."""
    code = (
        "import sys, queueapp.app;"
        "print([m for m in ('actors', 'statsmodels', 'polars', 'forecasting') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)

    assert "[]\n" == found.stdout, found.stderr
