"""How job types are declared and found.

Authors decorate a function with ``job_type``; workers load modules of such functions, publish
their descriptions in the catalogue and bind each to its Dramatiq actor. Nothing here needs
Dramatiq, Redis or Flask, so the processes that run jobs stay lean.
"""

import importlib
import importlib.util
import inspect
import pkgutil
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

from queueapp.context import JobContext
from queueapp.domain.errors import QueueappError
from queueapp.domain.fleet import JobTypeInfo
from queueapp.job_errors import BadInput
from queueapp.parameters.schema import first_problem, json_schema

if TYPE_CHECKING:
    import dramatiq
    import marshmallow

Isolation = Literal["process", "thread"]
JobFunction = Callable[[JobContext], object]

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
_REGISTRY: dict[str, "JobType"] = {}


class JobModuleFailed(QueueappError):
    """A module of job types cannot be imported."""

    code = "job_module_failed"


class JobType:
    """A kind of job: its function, its description, and the actor that it is bound to."""

    def __init__(
        self,
        function: JobFunction,
        info: JobTypeInfo,
        parameters: "type[marshmallow.Schema] | None" = None,
        imports: tuple[str, ...] = (),
        keeper: str | None = None,
    ) -> None:
        self.function = function
        self.info = info
        self.name = info.name
        self.parameters = parameters
        self.imports = imports
        self.keeper = keeper
        self._actor: dramatiq.Actor[..., Any] | None = None
        self.__doc__ = function.__doc__
        self.__name__ = getattr(function, "__name__", info.name)
        self.__module__ = function.__module__

    def __call__(self, job: JobContext) -> object:
        """Run the job's function."""
        return self.function(job)

    def __repr__(self) -> str:
        """Name the type and where it comes from."""
        return f"<JobType {self.name} from {self.__module__}>"

    def load(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Validate the parameters in full and return them as Python values.

        Raises: BadInput naming the first field that is wrong.
        """
        if self.parameters is None:
            return parameters
        import marshmallow

        try:
            loaded: dict[str, Any] = self.parameters().load(parameters)
        except marshmallow.ValidationError as error:
            field, problem = first_problem(error.messages)
            raise BadInput(f"{field}: {problem}" if field else problem, field=field) from error
        return loaded

    def bind(self, actor: "dramatiq.Actor[..., Any]") -> None:
        """Remember the actor that carries this type's messages; the worker calls this."""
        self._actor = actor

    @property
    def actor(self) -> "dramatiq.Actor[..., Any]":
        """The Dramatiq actor of this type."""
        if self._actor is None:
            raise RuntimeError(f"The job type {self.name} is not bound to a broker yet")
        return self._actor

    def send(self, *args: Any, **kwargs: Any) -> "dramatiq.Message[Any]":
        """Enqueue a job of this type, as Dramatiq's actors do."""
        return self.actor.send(*args, **kwargs)

    def send_with_options(self, **options: Any) -> "dramatiq.Message[Any]":
        """Enqueue a job of this type with Dramatiq's options."""
        return self.actor.send_with_options(**options)


def job_type(
    name: str,
    *,
    parameters: "type[marshmallow.Schema] | None" = None,
    resource_types: tuple[str, ...] = (),
    datasets: tuple[str, ...] = (),
    stages: tuple[str, ...] = (),
    outputs: tuple[str, ...] = (),
    cpu_units: int = 1,
    memory_gb: float = 1.0,
    disk_bytes: int | None = None,
    max_attempts: int = 1,
    retry_delay_s: float = 30.0,
    retry_max_delay_s: float = 3600.0,
    isolation: Isolation = "process",
    imports: tuple[str, ...] = (),
    internal: bool = False,
    keeper: str | None = None,
    description: str | None = None,
) -> Callable[[JobFunction], JobType]:
    """Declare a job type; the decorated function takes a JobContext.

    ``isolation="thread"`` runs the function inside the worker's own process: quick to start, but
    without limits, without protection of the worker, and it stops only where it calls progress().
    ``imports`` are modules that start no threads: imported once, before the first job of the type.
    ``keeper`` is a module whose ``serve`` keeps what a job that is pinned to a host leaves open
    there, for the next one.

    Raises: ValueError for a name that is taken or malformed, or requirements that cannot be.
    """
    _check(name, cpu_units=cpu_units, memory_gb=memory_gb, max_attempts=max_attempts)
    if isolation not in ("process", "thread"):
        raise ValueError(f"isolation of {name} must be process or thread, not {isolation}")

    def declare(function: JobFunction) -> JobType:
        info = JobTypeInfo(
            name=name,
            description=description or _first_line(function),
            parameters_schema=json_schema(parameters),
            resource_types=tuple(resource_types),
            datasets=tuple(datasets),
            stages=tuple(stages),
            outputs=tuple(outputs),
            cpu_units=cpu_units,
            memory_gb=memory_gb,
            disk_bytes=disk_bytes,
            max_attempts=max_attempts,
            retry_delay_s=retry_delay_s,
            retry_max_delay_s=retry_max_delay_s,
            isolation=isolation,
            internal=internal,
        )
        return _register(JobType(function, info, parameters, tuple(imports), keeper))

    return declare


def registry() -> dict[str, JobType]:
    """Return the job types of all modules imported so far, by name."""
    return dict(_REGISTRY)


def find_job_type(name: str) -> JobType | None:
    """Return the job type of that name, if one is declared in a module imported so far."""
    return _REGISTRY.get(name)


def load_modules(names: Iterable[str], sys_path: Sequence[str] = ()) -> dict[str, JobType]:
    """Import modules of job types; of a package, its plain modules too.

    ``sys_path`` adds folders to search.
    Raises: JobModuleFailed naming the module and the reason.
    """
    sys.path.extend(entry for entry in sys_path if entry not in sys.path)
    for name in names:
        module = _import(name)
        for child in _modules_in(module):
            _import(child)
    return registry()


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise JobModuleFailed(f"The job module {name!r} cannot be imported: {reason}") from error


def _modules_in(package: ModuleType) -> list[str]:
    found = pkgutil.iter_modules(getattr(package, "__path__", []))
    return sorted(
        f"{package.__name__}.{one.name}"
        for one in found
        if not one.ispkg and not one.name.startswith("_")
    )


def _register(declared: JobType) -> JobType:
    taken = _REGISTRY.get(declared.name)
    if taken is not None and _home(taken) != _home(declared):
        raise ValueError(
            f"The job type {declared.name} is declared twice: "
            f"in {_home(taken)} and in {_home(declared)}"
        )
    _REGISTRY[declared.name] = declared
    return declared


def _home(declared: JobType) -> str:
    function = declared.function
    return f"{function.__module__}.{getattr(function, '__qualname__', declared.name)}"


def _first_line(function: JobFunction) -> str:
    return (inspect.getdoc(function) or "").strip().partition("\n")[0]


def _check(name: str, *, cpu_units: int, memory_gb: float, max_attempts: int) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name for a job type: letters, digits, . _ - and up to 64")
    if cpu_units < 1 or memory_gb <= 0 or max_attempts < 1:
        raise ValueError(f"{name} needs at least one CPU unit, some memory and one attempt")
