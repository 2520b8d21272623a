"""Measures our server beside nginx, in the same minute on the same machine: `python benchmarks/server.py [SECONDS]`.

Ways to send a page of 60 kB and a feed of 300 kB: our own server; nginx over the same public/ with
docs/deploy/nginx.conf; nginx sending that one file with nothing else to do, with its own few headers and with all of
ours, which whoever asks has to read too. Requests per second, p99, CPU time a request (the server's processes alone),
memory: medians of ROUNDS rounds, in each of which all take turns. Then a page while 100 readers download a large file
slowly.

Load comes from wrk (one thread, 32 connections), or from a Python loop where wrk is not installed. Needs nginx.
"""

import http.client
import json
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]
from tests.doors.serving import ROOT, free_port, make_public, program, running, wait_until_listening  # noqa: E402

CONNECTIONS = 32
SLOW = 100
LARGE = 200_000_000
PAGE, FEED = "/talks/one/", "/talks/feed.xml"
ROUNDS = 5
BARE = "nginx, one file"
GOAL = 0.1
"""Seconds: a page's p99 while slow readers download."""

Servers = dict[str, tuple[psutil.Process, int]]


def main() -> None:
    """Make a publication's folder and compare."""
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "show"
        folder.mkdir()
        folder.parent.chmod(0o755)
        (folder / "onrecord.toml").write_text("")
        make_public(folder / "public")
        page = b"<!doctype html><title>An interview</title>" + b"<p>word " * 7500
        (folder / "public" / "talks" / "one" / "index.html").write_bytes(page[:60_000])
        feed = b"<rss>" + b"<item>an interview</item>\n" * 12_000
        (folder / "public" / "talks" / "feed.xml").write_bytes(feed[:300_000])
        with (folder / "public" / "large.mp4").open("wb") as large:
            large.truncate(LARGE)
        compare(folder, seconds)


def compare(folder: Path, seconds: int) -> None:
    """All three at rest, round by round in turn; then ours and nginx with slow readers."""
    with (
        running(folder) as (ours, our_port),
        nginx(folder, our_port, bare=False) as (with_ours, nginx_port),
        nginx(folder, our_port, bare=True) as (bare, bare_port),
        nginx(folder, our_port, bare=True, headers=our_headers()) as (headed, headed_port),
    ):
        servers = {
            "onrecord": (psutil.Process(ours.pid), our_port),
            "nginx, our configuration": (with_ours, nginx_port),
            "nginx, one file, our headers": (headed, headed_port),
            BARE: (bare, bare_port),
        }
        for what, path in (("page of 60 kB", PAGE), ("feed of 300 kB", FEED)):
            for conditional in (False, True):
                rounds = [measure_all(servers, path, seconds, conditional) for _ in range(ROUNDS)]
                report(f"{what}{', not modified (304)' if conditional else ''}, {CONNECTIONS} connections", rounds)
        for name in ("onrecord", "nginx, our configuration"):
            slow(name, *servers[name], seconds)


@contextmanager
def nginx(folder: Path, behind: int, bare: bool, headers: str = "") -> Iterator[tuple[psutil.Process, int]]:
    """One worker process: our server has one as well."""
    binary = program("nginx")
    if binary is None:
        sys.exit("nginx is not installed here")
    port = free_port()
    place = Path(tempfile.mkdtemp(dir=folder.parent))
    site = f"server {{ listen 127.0.0.1:{port}; root {folder}/public; types {{ text/html html; }} {headers} }}"
    if not bare:
        site = (ROOT / "docs" / "deploy" / "nginx.conf").read_text()
        site = site[: site.index("server {\n    listen 80;")] + site[site.index("server {\n    listen 443") :]
        site = site.replace("/srv/my-show", str(folder)).replace("127.0.0.1:8000", f"127.0.0.1:{behind}")
        site = re.sub(r"    listen \[.*\n|    ssl_cert.*\n", "", site)
        site = site.replace("listen 443 ssl http2;", f"listen 127.0.0.1:{port};")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = " ".join(f"{kind}_temp_path {place}/{kind};" for kind in kinds)
    (place / "nginx.conf").write_text(
        f"user root; daemon off; worker_processes 1; pid {place}/pid; error_log {place}/error.log;\n"
        f"events {{ worker_connections 1024; }} http {{ access_log off; sendfile on; {temporary}\n{site} }}\n"
    )
    process = subprocess.Popen([binary, "-e", f"{place}/error.log", "-c", f"{place}/nginx.conf"])
    try:
        wait_until_listening(port)
        yield psutil.Process(process.pid), port
    finally:
        process.terminate()
        process.wait()


def our_headers() -> str:
    """Those that our configuration adds, as plain text."""
    lines = re.findall(r"^    add_header .*", (ROOT / "docs" / "deploy" / "nginx.conf").read_text(), re.MULTILINE)
    values = {
        "$onrecord_frames": "'self'",
        "$onrecord_cache": "no-cache",
        "$onrecord_cors": '""',
        "$onrecord_retry": '""',
    }
    text = "\n".join(lines)
    for variable, value in values.items():
        text = text.replace(variable, value)
    return text


def measure_all(servers: Servers, path: str, seconds: int, conditional: bool) -> dict[str, dict[str, float]]:
    """All of them, one after the other."""
    return {name: measure(*server, path, seconds, conditional) for name, server in servers.items()}


def measure(server: psutil.Process, port: int, path: str, seconds: int, conditional: bool = False) -> dict[str, float]:
    """Requests per second, p99 in ms, CPU in ms a request, memory in MB."""
    tag = header(port, path, "ETag") if conditional else ""
    before = cpu(server)
    rate, p99, count = load(port, path, seconds, tag)
    return {"rate": rate, "p99_ms": p99, "cpu_ms": 1000 * (cpu(server) - before) / max(1, count), "MB": memory(server)}


def header(port: int, path: str, name: str) -> str:
    """One header of one answer, on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", path)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.getheader(name) or ""


def family(server: psutil.Process) -> list[psutil.Process]:
    """A server with its workers."""
    return [server, *server.children(recursive=True)]


def cpu(server: psutil.Process) -> float:
    """Seconds that it has used."""
    return sum(sum(process.cpu_times()[:2]) for process in family(server))


def memory(server: psutil.Process) -> float:
    """Resident, in MB."""
    return sum(process.memory_info().rss for process in family(server)) / 1e6


def load(port: int, path: str, seconds: int, tag: str = "") -> tuple[float, float, int]:
    """Requests per second, p99 in ms, requests."""
    wrk = shutil.which("wrk")
    if wrk is None:
        return load_with_python(port, path, seconds, tag)
    command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", f"http://127.0.0.1:{port}{path}"]
    if tag:
        command[1:1] = ["-H", f"If-None-Match: {tag}"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", text).groups()
    p99 = float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]
    return float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]), p99, int(re.search(r"(\d+) requests in", text)[1])


def load_with_python(port: int, path: str, seconds: int, tag: str) -> tuple[float, float, int]:
    """What `load` says, where wrk is not installed: for orders of magnitude."""
    took: list[float] = []
    until = time.monotonic() + seconds

    def ask() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        while time.monotonic() < until:
            started = time.perf_counter()
            connection.request("GET", path, headers={"If-None-Match": tag} if tag else {})
            connection.getresponse().read()
            took.append(time.perf_counter() - started)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(took) / seconds, 1000 * sorted(took)[int(0.99 * len(took))], len(took)


def report(title: str, rounds: list[dict[str, dict[str, float]]]) -> None:
    """A table for people, and a line for programs. A share is of the same round."""
    print(f"\n{title}")
    results = {}
    for name in rounds[0]:
        result = {key: statistics.median(one[name][key] for one in rounds) for key in rounds[0][name]}
        shares = sorted(one[name]["rate"] / one[BARE]["rate"] for one in rounds)
        result["share"] = statistics.median(shares)
        results[name] = result
        print(
            f"  {name:28} {result['rate']:7.0f} /s = {result['share']:.2f} ({shares[0]:.2f} to {shares[-1]:.2f})"
            f"   p99 {result['p99_ms']:6.1f} ms   {result['cpu_ms']:.3f} CPU ms each   {result['MB']:.0f} MB"
        )
    print(" ", json.dumps(results))


def slow(name: str, server: psutil.Process, port: int, seconds: int) -> None:
    """Pages for one reader after the other, each on a new connection, while others download at 100 kB/s."""
    before = memory(server)
    done = threading.Event()
    downloads = [threading.Thread(target=download_slowly, args=(port, done)) for _ in range(SLOW)]
    for download in downloads:
        download.start()
    time.sleep(1)
    took = []
    until = time.monotonic() + max(5, seconds)
    while time.monotonic() < until:
        started = time.perf_counter()
        header(port, PAGE, "ETag")
        took.append(time.perf_counter() - started)
    grown = memory(server) - before
    done.set()
    for download in downloads:
        download.join()
    took.sort()
    p50, p99 = 1000 * took[len(took) // 2], 1000 * took[int(0.99 * len(took))]
    print(f"\n{name} with {SLOW} slow downloads of {LARGE / 1e6:.0f} MB, {len(took)} pages: ", end="")
    print(
        f"p50 {p50:.1f} ms, p99 {p99:.1f} ms ({'holds' if p99 < 1000 * GOAL else 'MISSES'} {1000 * GOAL:.0f}), ", end=""
    )
    print(f"memory {before:.0f} MB, {grown:+.1f} MB")


def download_slowly(port: int, done: threading.Event) -> None:
    """About 100 kB/s, until told to stop."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"GET /large.mp4 HTTP/1.1\r\nHost: h\r\n\r\n")
        while not done.wait(0.2):
            connection.recv(20_000)


if __name__ == "__main__":
    main()
