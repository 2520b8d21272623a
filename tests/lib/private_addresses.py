"""Many ways to name a host that is not on the public internet. PORT stands for a port that somebody listens on."""

from collections.abc import Iterator

LOOPBACK = [
    "127.0.0.1", "127.0.0.2", "127.1.2.3", "127.255.255.254", "127.000.000.001", "127.1", "127.0.1", "127.65530",
    "2130706433", "02130706433", "0x7f000001", "0X7F000001", "0x7f.0.0.1", "0x7f.1", "0x7f.0x0.0x0.0x1", "0x7f.0.1",
    "0177.0.0.1", "0177.1", "017700000001", "00000177.0.0.1", "0177.0x0.0.1", "127.0x1", "127.0.0x01", "127.0.0.01",
    "127.0.0.1.", "127.0.0.1..", "2130706433.", "１２７.０.０.１", "127。0。0。1", "127．0．0．1", "①②⑦.⓪.⓪.①",
    "127｡0｡0｡1",
    "%31%32%37.0.0.1", "127.0.0.%31", "127%2e0%2e0%2e1", "4294967296", "340282366920938463463374607431768211456",
    "127.0.0.1%00.news.org", "127.0.0.1%20", "127.0.0.256", "1.2.3.4.5", "0x", "0x.0x.0x.0x", "256", "0127.0.0.1",
    "localhost", "LOCALHOST", "localhost.", "localhost.localdomain", "foo.localhost", "ⓛocalhost", "ｌｏｃａｌｈｏｓｔ",
    "ip6-localhost", "printer", "router.lan", "printer.local", "metadata.google.internal", "intranet", "gw.home.arpa",
    "1.0.0.127.in-addr.arpa", "hidden.onion", "server.corp", "a.test", "b.invalid",
]  # fmt: skip
OTHERS = [
    "0.0.0.0", "0", "0.0", "0.1.2.3", "00.0.0.0", "10.0.0.1", "10.255.255.255", "10.1", "012.0.0.1", "0xa.1",
    "167772161", "100.64.0.1", "100.127.255.254", "169.254.0.1", "169.254.169.254", "0xa9fea9fe", "2852039166",
    "0251.0376.0251.0376", "169.254.43518", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.170", "192.0.2.1",
    "192.88.99.1", "192.168.0.1", "192.168.1.254", "192.168.257", "0xc0a80101", "3232235777", "192.175.48.1",
    "192.31.196.1", "192.52.193.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1",
    "239.255.255.250", "240.0.0.1", "254.254.254.254", "255.255.255.255", "4294967295",
]  # fmt: skip
SIX = [
    "::1", "0:0:0:0:0:0:0:1", "0000:0000:0000:0000:0000:0000:0000:0001", "::0001", "::", "0::0", "::127.0.0.1",
    "::7f00:1", "::ffff:127.0.0.1", "::ffff:7f00:1", "::FFFF:127.0.0.1", "0:0:0:0:0:ffff:127.0.0.1",
    "::ffff:10.0.0.1", "::ffff:0:127.0.0.1", "::ffff:0:7f00:1", "::ffff:169.254.169.254", "::ffff:a9fe:a9fe",
    "::ffff:192.168.1.1", "::ffff:93.184.216.34", "64:ff9b::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::10.0.0.1",
    "64:ff9b::169.254.169.254", "64:ff9b::93.184.216.34", "64:ff9b:1::7f00:1", "64:ff9b:1:a::10.0.0.1",
    "2002:7f00:1::", "2002:7f00:0001::1", "2002:a00:1::", "2002:c0a8:101::1", "2002:a9fe:a9fe::", "2001::1",
    "2001:0:7f00:1::1", "2001:0:0:0:0:0:80ff:fffe", "2001:10::1", "2001:20::1", "2001:2::1", "2001:db8::1", "3fff::1",
    "100::1", "5f00::1", "fc00::1", "fd00::1", "fd12:3456:789a::1", "fd00:ec2::254", "fe80::1", "fe80::1%25eth0",
    "fe80::1%eth0", "fe80::1%251", "::1%25lo", "::1%lo", "fec0::1", "ff00::1", "ff01::1", "ff02::1", "ff02::fb",
    "ff05::2", "2a00:1450:4001:81b::5efe:7f00:1", "2a00:1450:4001:81b:0:5efe:127.0.0.1",
    "2a00:1450:4001:81b:200:5efe:10.0.0.1", "2620:4f:8000::1", "v1.fe80", "1", "::g", "[::1]", "::1:", "4000::1",
    "8000::1", "e000::1",
]  # fmt: skip
ADDRESSES = [
    "//127.0.0.1:PORT/", "127.0.0.1:PORT", "ftp://127.0.0.1:PORT/", "file:///etc/passwd",
    "file://127.0.0.1/etc/passwd", "gopher://127.0.0.1:PORT/_x", "dict://127.0.0.1:PORT/", "data:text/html,x",
    "javascript:alert(1)", "ws://127.0.0.1:PORT/", "http:127.0.0.1:PORT/", "http:/127.0.0.1:PORT/",
    "http:///127.0.0.1:PORT/", "http://", "http://:PORT/", "", "http://news.org@127.0.0.1:PORT/",
    "http://127.0.0.1:PORT@news.org/", "http://a:b@news.org/", "http://@127.0.0.1:PORT/",
    "http://news.org:80@127.0.0.1:PORT/", "http://news.org%40127.0.0.1:PORT/", "http://news.org\\@127.0.0.1:PORT/",
    "http://127.0.0.1:PORT\\@news.org/", "http:\\\\127.0.0.1:PORT\\", "http://127.0.0.1\t:PORT/",
    "http://127.0.0.1\n:PORT/", "http://127.0.0.1:PORT\x00.news.org/", "http://news.org\r\nHost: 127.0.0.1/",
    "http://127.0.0.1 :PORT/", "http://127.0.0.1:PORT#@news.org/", "http://127.0.0.1:PORT?@news.org/",
    "http://127.0.0.1;news.org:PORT/", "http://127.0.0.1,news.org:PORT/", "http://news.org:22/",
    "http://news.org:25/", "http://news.org:6379/", "http://news.org:0/", "http://news.org:99999/",
    "http://news.org:-80/", "http://news.org:80:80/", "https://news.org:80/", "http://news.org:443/",
    "http://[::1]news.org/", "http://[::1", "http://::1/", "http://127.0.0.1:PORT/\u202e", "http://ours.org/",
    "http://OURS.org./", "https://ours.org:8443/a", "http://xn--/", "http://-a.org/", "http://a..org/", "http://a_b/",
    "http://" + "a" * 64 + ".org/", "http://" + "a." * 130 + "org/",
]  # fmt: skip


def all_of_them(port: int) -> Iterator[str]:
    """Every one as an address of a page."""
    for host in (*LOOPBACK, *OTHERS):
        yield f"http://{host}:{port}/"
    for host in SIX:
        yield f"http://[{host}]:{port}/"
    yield from (address.replace("PORT", str(port)) for address in ADDRESSES)
