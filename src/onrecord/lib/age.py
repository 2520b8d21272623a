"""Archives that are sealed to a key of which only the public half is here, in the age format.

https://age-encryption.org/v1: whoever has the other half opens them with us or with any program that knows the format.
"""

from __future__ import annotations

import json
import os
import shutil
import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyrage
from pyrage import x25519

from onrecord.lib import archive
from onrecord.lib.archive import ArchiveWriter
from onrecord.lib.errors import BadInput
from onrecord.lib.files import sync_folder, writing_atomically


def make_key(file: Path) -> str:
    """Make a key, write it into `file`, which only its owner may read, and return its public half ("age1...").

    Raises BadInput.
    """
    key = x25519.Identity.generate()
    public = str(key.to_public())
    try:
        with open(file, "x", opener=lambda name, flags: os.open(name, flags, 0o600)) as new:
            new.write(f"# The key of sealed copies that onrecord keeps. Its public half: {public}\n{key}\n")
            new.flush()
            os.fsync(new.fileno())
        sync_folder(file.parent)
    except FileExistsError as error:
        raise BadInput(f"{file} is there already: choose another name, so that no key is lost.") from error
    except OSError as error:
        raise BadInput(f"{file} cannot be written ({error.strerror}): choose another place.") from error
    return public


def is_public_key(text: str) -> bool:
    """Whether it is the public half of a key."""
    try:
        x25519.Recipient.from_str(text)
    except pyrage.RecipientError:
        return False
    return True


@contextmanager
def sealing(path: Path, public_key: str) -> Iterator[ArchiveWriter]:
    """Write an archive that only the key's other half opens; it has its name when it is complete, or is not there.

    Nothing of it is on the disk unsealed: a thread encrypts what goes through a pipe.
    """
    with writing_atomically(path, mode=0o600) as file, ThreadPoolExecutor(1) as beside:
        outlet, inlet = os.pipe()
        sealed = beside.submit(_seal, outlet, file, public_key)
        try:
            with os.fdopen(inlet, "wb") as pipe, tarfile.open(fileobj=pipe, mode="w|") as tar:
                yield ArchiveWriter(tar)
        except BrokenPipeError:
            sealed.result()  # says why nobody reads any more, such as a full disk
            raise
        sealed.result()


def _seal(outlet: int, file: Any, public_key: str) -> None:
    with os.fdopen(outlet, "rb") as pipe:
        pyrage.encrypt_io(pipe, file, [x25519.Recipient.from_str(public_key)])


def unseal(file: Path, key: Path, folder: Path) -> dict[str, Any]:
    """Unpack a sealed archive into a new folder, and return its manifest. `key` is the file that `make_key` wrote.

    Raises BadInput when the key is none, or another one, or when the archive is damaged; then there is no folder.
    """
    identity = _read_key(key)
    if not file.is_file():
        raise BadInput(f"There is no sealed copy {file}: they lie in the publication's private/holds/.")
    try:
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise BadInput(f"{folder} cannot be made ({error.strerror}): name a folder that is not there yet.") from error
    try:
        unsealed = folder / ".unsealed.tar"
        _unseal(file, identity, unsealed)
        manifest = archive.unpack(unsealed, folder)
        unsealed.unlink()
        (folder / archive.MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False), encoding="utf-8")
    except BaseException:  # Ctrl-C too
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return manifest


def _read_key(file: Path) -> x25519.Identity:
    try:
        lines = file.read_text(encoding="utf-8").split()
        return x25519.Identity.from_str(next(line for line in lines if line.startswith("AGE-SECRET-KEY-")))
    except (OSError, UnicodeDecodeError, StopIteration, pyrage.IdentityError) as error:
        raise BadInput(f"{file} cannot be read as a key: give the file that `onrecord hold key` wrote.") from error


def _unseal(file: Path, key: x25519.Identity, target: Path) -> None:
    try:
        with file.open("rb") as sealed, target.open("xb") as unsealed:
            pyrage.decrypt_io(sealed, unsealed, [key])
    except (pyrage.DecryptError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:  # without a number it is what was read
            raise BadInput(f"{target.parent} cannot be written ({error.strerror}): see to room and rights.") from error
        problem = f"{file} does not open with this key, or is damaged"
        raise BadInput(f"{problem}: try another key, or another copy of the file.") from error
