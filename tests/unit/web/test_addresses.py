"""What a URL names, however it is written, and which addresses are anybody's."""

from __future__ import annotations

import ipaddress
import random
import socket

import pytest

from ocrd.errors import RequestError
from ocrd.web.door.addresses import followed, is_public, parsed

PUBLIC = (
    "8.8.8.8", "1.1.1.1", "93.184.215.14", "2606:4700:4700::1111", "2a00:1450:4001:82a::200e",
    "::ffff:8.8.8.8", "64:ff9b::808:808", "100.63.255.255", "100.128.0.0", "172.15.0.1",
    "172.32.0.1", "169.253.0.1",
)  # fmt: skip
OURS = (
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.0.9",
    "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192",
    "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
    "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::",
    "2002:a9fe:a9fe::", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "5f00::1",
)  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", OURS)
def test_an_address_of_the_house_or_of_a_cloud_is_not(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


def test_what_hides_an_address_of_the_house_is_not_public_either() -> None:
    dice = random.Random(20)
    for network in ("10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "192.168.0.0/16"):
        block = ipaddress.IPv4Network(network)
        for _ in range(50):
            inner = int(block[dice.randrange(block.num_addresses)])
            for outer in ("::ffff:0:0", "64:ff9b::", "::"):
                address = ipaddress.IPv6Address(int(ipaddress.IPv6Address(outer)) | inner)
                assert not is_public(address), address


@pytest.mark.parametrize(
    ("text", "host", "port", "target", "name", "authority"),
    [
        ("http://a.example", "a.example", 80, "/", "", "a.example"),
        ("https://A.Example/b/c.pdf?x=1&y=%20", "a.example", 443, "/b/c.pdf?x=1&y=%20", "c.pdf",
         "a.example"),
        ("https://a.example:80/x#y", "a.example", 80, "/x", "x", "a.example:80"),
        ("http://[2606:4700::1]/Gr%C3%B6%C3%9Fe.png", "2606:4700::1", 80, "/Gr%C3%B6%C3%9Fe.png",
         "Größe.png", "[2606:4700::1]"),
        ("http://bücher.example/ü", "xn--bcher-kva.example", 80, "/%C3%BC", "ü",
         "xn--bcher-kva.example"),
        ("HTTP://8.8.8.8/", "8.8.8.8", 80, "/", "", "8.8.8.8"),
        ("http://a.example./", "a.example.", 80, "/", "", "a.example."),
    ],
)  # fmt: skip
def test_a_url_is_taken_apart(
    text: str, host: str, port: int, target: str, name: str, authority: str
) -> None:
    url = parsed(text)
    assert (url.host, url.port, url.target, url.name) == (host, port, target, name)
    assert url.authority == authority


@pytest.mark.parametrize(
    "text",
    [
        "", "a.example", "//a.example/", "file:///etc/passwd", "ftp://a.example/",
        "gopher://a.example/", "data:text/plain,x", "http://", "http:///x", "http://:80/",
        "http://user@a.example/", "http://user:word@a.example/", "http://@a.example/",
        "http://a.example:22/", "http://a.example:8080/", "http://a.example:99999/",
        "http://a.example:x/", "http://a.example\\@b.example/", "http://a.example/ b",
        "http://a.example/\r\nX: y", "http://a.example/\tb", "http://a..example/", "http://-/",
        "http://2130706433/", "http://0177.0.0.1/", "http://0x7f.0.0.1/", "http://0x7f000001/",
        "http://127.1/", "http://127.0.1/", "http://0/", "http://1.2.3.4.5/", "http://08.8.8.8/",
        "http://[fe80::1%25eth0]/", "http://[::1/", "http://[1.2.3.4]/", "http://%31%32%37.0.0.1/",
        "http://a.example/" + "x" * 9000,
    ],
)  # fmt: skip
def test_what_is_no_url_of_a_host_is_refused(text: str) -> None:
    with pytest.raises(RequestError) as caught:
        parsed(text)
    assert (caught.value.status, caught.value.told_code) == (422, "url")


def test_digits_of_other_scripts_are_read_as_what_they_stand_for() -> None:
    assert parsed("http://①②⑦.⓪.⓪.①/").host == "127.0.0.1"  # which nobody is let at


def test_no_form_of_a_number_reaches_the_resolver_as_anything_but_an_address() -> None:
    """What inet_aton(3) takes for an address is one in its usual form, or refused."""
    dice = random.Random(21)
    forms = (str, hex, lambda number: f"0{number:o}")
    for _ in range(300):
        parts = [dice.choice(forms)(dice.randrange(256)) for _ in range(dice.randint(1, 4))]
        host = ".".join(parts)
        try:
            told = parsed(f"http://{host}/").host
        except RequestError:
            continue
        assert socket.inet_ntoa(socket.inet_aton(host)) == told == host


@pytest.mark.parametrize(
    ("location", "where"),
    [
        ("/c", "https://a.example/c"),
        ("d.pdf", "https://a.example/x/d.pdf"),
        ("//b.example/e", "https://b.example/e"),
        ("http://b.example/", "http://b.example/"),
    ],
)
def test_a_redirect_leads_on_from_where_it_was_told(location: str, where: str) -> None:
    assert followed(parsed("https://a.example/x/y"), location).text() == where


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "http://127.1/", "http://a@b.example/", "\x00", "ftp:x",
                 "//b.example:22/"],
)  # fmt: skip
def test_a_redirect_to_what_is_refused_is_refused(location: str) -> None:
    with pytest.raises(RequestError):
        followed(parsed("https://a.example/x/y"), location)
