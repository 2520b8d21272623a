"""Runs a Python program in onrecord's own environment, which the first call makes: `environment.py LAYER ARGUMENT...`.

./onrecord and ./test call this with the machine's python3. It uses the standard library only, any Python 3 can read it,
and what happens on every call happens without slow imports (no pathlib).

An environment is a folder `.venv/LAYER-KEY`. The key stands for all that it depends on: the requirements, the Python,
and where the checkout is; when one of them changes the key does, and a new environment is made beside the old one. The
file `complete` is written last, so that a folder without it is what a killed set-up left behind. One set-up runs at a
time (`.venv/lock`, which pip holds as well: one that outlives its parent still keeps others away). Whoever runs
in an environment holds its `complete` shared; one that nobody holds and nobody used for a week is removed when another
is made.
"""

import fcntl
import os
import sys

LAYERS = {
    # name: (the layer below, its requirements)
    "base": (None, ["base.txt", "models-voice.txt"]),
    "test": ("base", ["test.txt"]),
}
OLDEST_PYTHON = (3, 11)
REQUIREMENTS = os.path.dirname(os.path.realpath(__file__))
CHECKOUT = os.path.dirname(REQUIREMENTS)
RECIPE = 1  # raise it when this file begins to make environments in another way
WEEK = 7 * 24 * 3600
PIP = ["pip", "install", "--no-deps", "--require-hashes", "--progress-bar", "off"]


class CannotSetUp(Exception):
    """The message tells a person what is wrong and what to do."""


def main():
    """Make the layer named first, if it is not there, and become its Python with the rest of the arguments."""
    layer, arguments = sys.argv[1], sys.argv[2:]
    try:
        use_new_enough_python()
        python = python_of(enter(layer))
    except CannotSetUp as error:
        sys.exit(f"onrecord: {error}")
    except OSError as error:
        sys.exit(f"onrecord: the environment cannot be set up: {error.strerror} ({error.filename}).")
    except KeyboardInterrupt:
        sys.exit("\nonrecord: set-up stopped; the next call begins it again.")
    os.execv(python, [python, "-P", *arguments])


def use_new_enough_python():
    """Go on in a newer Python of this machine when this one is too old."""
    if sys.version_info >= OLDEST_PYTHON:
        return
    import shutil

    for minor in range(20, OLDEST_PYTHON[1] - 1, -1):
        python = shutil.which(f"python3.{minor}")
        if python:
            os.execv(python, [python, "-I", "-S", *sys.argv])
    found = ".".join(map(str, sys.version_info[:2]))
    raise CannotSetUp(f"it needs Python 3.11 or newer, and python3 is {found}; install a newer one.")


def enter(layer):
    """Hold the layer and what is below it for the life of this process, made where necessary. Returns its folder."""
    below, requirements = LAYERS[layer]
    base = enter(below) if below else None
    environment = folder_of(layer, requirements, base)
    if not hold(environment):
        make_alone(environment, requirements, base)
        if not hold(environment):
            raise CannotSetUp(f"{environment} was removed while it was being made; run this again.")
    return environment


def folder_of(layer, requirements, base):
    """Where the layer is, for these requirements, this Python and this place."""
    import hashlib

    python = [os.path.realpath(sys.executable), sys.version_info[:2], sys.abiflags, os.uname().machine]
    key = hashlib.sha256(repr([RECIPE, CHECKOUT, base, python]).encode())
    for name in requirements:
        with open(os.path.join(REQUIREMENTS, name), "rb") as file:
            key.update(hashlib.sha256(file.read()).digest())
    home = os.environ.get("ONRECORD_ENVIRONMENT") or os.path.join(CHECKOUT, ".venv")
    return os.path.join(os.path.abspath(home), f"{layer}-{key.hexdigest()[:12]}")


def hold(environment):
    """Whether it is complete; if so it is kept from removal until this process, or what it becomes, ends."""
    stamp = stamp_of(environment)
    try:
        held = os.open(stamp, os.O_RDONLY)
    except (FileNotFoundError, NotADirectoryError):
        return False
    try:
        fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:  # it is being removed
        os.close(held)
        return False
    if not os.path.exists(stamp):
        os.close(held)
        return False
    os.set_inheritable(held, True)
    try:
        os.utime(stamp)
    except OSError:  # a checkout that can only be read, or that another user set up
        pass
    return True


def make_alone(environment, requirements, base):
    """Make the environment, unless another process makes it while this one waits for its turn."""
    home = os.path.dirname(environment)
    try:
        os.makedirs(home, exist_ok=True)
        lock = os.open(os.path.join(home, "lock"), os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        why = f"{home} cannot be written ({error.strerror})"
        raise CannotSetUp(f"{why}; name another folder for the environment in ONRECORD_ENVIRONMENT.") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say(f"another process is setting up {home}; waiting for it")
        fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        if not os.path.exists(stamp_of(environment)):
            remove_leftovers(home)
            make(environment, requirements, base, lock)
    finally:
        os.close(lock)


def remove_leftovers(home):
    """Remove what killed set-ups left, and environments that nobody runs in and nobody used for a week."""
    import shutil

    for name in os.listdir(home):
        folder = os.path.join(home, name)
        if name.partition("-")[0] in LAYERS and not is_wanted(folder):
            shutil.rmtree(folder)


def is_wanted(environment):
    """Whether it is complete and in use, or was lately. One that is not wanted is no longer complete afterwards."""
    import time

    try:
        stamp = os.open(stamp_of(environment), os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        if time.time() - os.fstat(stamp).st_mtime < WEEK:
            return True
        fcntl.flock(stamp, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(stamp_of(environment))
    except BlockingIOError:  # somebody runs in it
        return True
    finally:
        os.close(stamp)
    return False


def make(environment, requirements, base, lock):
    """Make the environment. What fails or is killed leaves a folder without `complete`."""
    import importlib.util
    import time

    if not importlib.util.find_spec("venv") or not importlib.util.find_spec("ensurepip"):
        raise CannotSetUp("python3 has no venv here; on Debian and Ubuntu: apt-get install python3-venv")
    began = time.monotonic()
    say(f"setting up {environment}, once; this takes about a minute")
    call([sys.executable, "-I", "-m", "venv", environment], environment, lock)
    beside = os.path.join(CHECKOUT, "src") if base is None else site_packages_of(base)
    with open(os.path.join(site_packages_of(environment), "onrecord.pth"), "w", encoding="utf-8") as file:
        file.write(f"import site; site.addsitedir({beside!a})\n")
    files = [os.path.join(REQUIREMENTS, name) for name in requirements]
    call([python_of(environment), "-I", "-m", *PIP, *(f"--requirement={file}" for file in files)], environment, lock)
    os.close(os.open(stamp_of(environment), os.O_WRONLY | os.O_CREAT, 0o644))
    say(f"{environment} is ready after {time.monotonic() - began:.0f} s")


def call(command, environment, lock):
    """Run a part of the set-up; tell of its progress, and its last words when it fails."""
    import subprocess

    process = subprocess.Popen(
        command,
        env=dict(os.environ, PIP_USER="no", PIP_NO_INPUT="1", PIP_DISABLE_PIP_VERSION_CHECK="1"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        errors="replace",
        pass_fds=[lock],
    )
    words = []
    progress = Progress()
    for line in process.stdout:
        words.append(line.rstrip())
        progress.see(line)
    progress.end()
    if process.wait() != 0:
        last = "\n  ".join(words[-20:])
        raise CannotSetUp(f"setting up {environment} failed:\n  {last}\nThe next call begins it again.")


class Progress:
    """Pip's progress: one line that changes on a terminal, otherwise a line every few seconds."""

    def __init__(self):
        self.terminal = sys.stderr.isatty()
        self.packages = 0
        self.told = -60.0

    def see(self, line):
        """Look at one line of pip's output."""
        if line.startswith(("Collecting ", "Processing ")):
            self.packages += 1
            self.tell(f"package {self.packages}: {os.path.basename(line.split()[1])}", every=5)
        elif line.startswith("Installing collected packages"):
            self.tell(f"installing {self.packages} packages", every=0)

    def tell(self, text, every):
        """Show the text; where lines cannot be overwritten, only `every` so many seconds."""
        import time

        if self.terminal:
            sys.stderr.write(f"\r\033[Konrecord: {text}")
            sys.stderr.flush()
        elif time.monotonic() - self.told >= every:
            say(text)
            self.told = time.monotonic()

    def end(self):
        """Leave the terminal's line empty."""
        if self.terminal:
            sys.stderr.write("\r\033[K")


def python_of(environment):
    """The environment's Python."""
    return os.path.join(environment, "bin", "python")


def stamp_of(environment):
    """The file that is there when the environment is complete."""
    return os.path.join(environment, "complete")


def site_packages_of(environment):
    """Where the environment's packages are."""
    major, minor = sys.version_info[:2]
    return os.path.join(environment, "lib", f"python{major}.{minor}", "site-packages")


def say(text):
    """Tell a person; standard output belongs to the program that is run."""
    sys.stderr.write(f"onrecord: {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
