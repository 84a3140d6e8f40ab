import socket
from collections.abc import Awaitable, Callable, Sequence

import pytest

from notify.channels.guard import AllowedTarget, TargetGuard, TargetRefused, TargetUnresolved

PUBLIC = "93.184.215.14"


def answering(*addresses: str) -> Callable[[str, int], Awaitable[Sequence[str]]]:
    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return addresses

    return resolve


def guard(
    *allow: str, answers: Sequence[str] = (PUBLIC,), public_url: str | None = None
) -> TargetGuard:
    return TargetGuard(
        allow=[AllowedTarget.parse(one) for one in allow],
        public_url=public_url,
        resolve=answering(*answers),
    )


def refusal(url: str, using: TargetGuard | None = None) -> str:
    with pytest.raises(TargetRefused) as caught:
        (using or guard()).check_url(url)
    return caught.value.code


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "localhost.", "a.localhost", "0.0.0.0",  # noqa: S104  # a target
        "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "192.0.0.1",
        "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.51.100.1",
        "203.0.113.1", "192.88.99.1", "[::]", "[::1]", "[::ffff:127.0.0.1]",
        "[::ffff:93.184.215.14]", "[::7f00:1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::1]",
        "[2002:7f00:1::]", "[fec0::1]", "[5f00::1]", "[2001:db8::1]", "[2001::1]", "[fd12::1]",
        "[ff02::1]", "[100::1]", "[3fff::1]", "[4000::1]",
    ],
)  # fmt: skip
def test_an_address_that_is_not_public_is_refused_and_told_how_to_list_it(host: str) -> None:
    with pytest.raises(TargetRefused, match="NOTIFY_ALLOW_TARGETS") as caught:
        guard().check_url(f"https://{host}/hook")
    assert caught.value.code == "not_public"


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254", "169.254.0.1", "fd00:ec2::254", "168.63.129.16", "100.100.100.200",
        "192.0.0.192", "fe80::1", "::ffff:169.254.169.254", "::a9fe:a9fe", "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1", "2001:0:a9fe:a9fe::1",
    ],
)  # fmt: skip
async def test_link_local_and_metadata_addresses_are_refused_even_when_listed(address: str) -> None:
    everything = guard("0.0.0.0/0", "::/0", answers=(address,))
    literal = f"[{address}]" if ":" in address else address
    assert refusal(f"http://{literal}/", everything) == "never_allowed"
    with pytest.raises(TargetRefused) as caught:
        await everything.resolve(everything.check_url("http://metadata.example.org/"))
    assert caught.value.code == "never_allowed"


@pytest.mark.parametrize(
    "host",
    [
        "0", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "127。0。0。1", "１２７.0.0.1",
        "127.0.0.1.", "127.0.0.0x1", "[fe80::1%eth0]", "[fd00::1%25eth0]",
    ],
)  # fmt: skip
def test_an_odd_spelling_of_an_address_is_refused_even_when_the_address_is_listed(
    host: str,
) -> None:
    assert refusal(f"http://{host}/", guard("0.0.0.0/0", "::/0")) == "odd_address"


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("ftp://hooks.example.org/", "bad_scheme"),
        ("file:///etc/passwd", "bad_scheme"),
        ("gopher://hooks.example.org/", "bad_scheme"),
        ("ws://hooks.example.org/", "bad_scheme"),
        ("hooks.example.org", "bad_scheme"),
        ("https://user:pass@hooks.example.org/", "credentials_in_url"),
        ("https://user@hooks.example.org/", "credentials_in_url"),
        ("https://hooks.example.org:0/", "bad_port"),
        ("https://hooks.example.org:99999/", "bad_port"),
        ("https://hooks.example.org:/", "bad_port"),
        ("https://hooks.example.org:8o/", "bad_port"),
        ("https://hooks.example.org:８０/", "bad_port"),
        ("https://hooks.example.org:22/", "bad_port"),
        ("https://hooks.example.org:25/", "bad_port"),
        ("https://93.184.215.14:5432/", "bad_port"),
        ("https://hooks.example.org/\r\nX: 1", "bad_url"),
        ("https://hooks.example.org/a b", "bad_url"),
        ("https://hooks.example.org\\@127.0.0.1/", "bad_url"),
        ("https://hooks.example.org/#part", "bad_url"),
        ("https://hooks.example.org/" + "x" * 2048, "bad_url"),
        ("https://[::1/", "bad_url"),
        ("https://[zz]/", "bad_url"),
        ("https:///hook", "bad_host"),
        (f"https://{'x' * 300}.org/", "bad_host"),
        ("https://a..org/", "bad_host"),
        ("https://-a.org/", "bad_host"),
        ("https://under_score.org/", "bad_host"),
        ("https://127%2e0%2e0%2e1/", "bad_host"),
    ],
)
def test_what_is_no_web_address_is_refused(url: str, code: str) -> None:
    assert refusal(url) == code


def test_a_good_url_is_kept_with_its_query_and_port() -> None:
    target = guard().check_url("https://Hooks.Example.org.:8443/a/b?c=d&e=%20")
    assert target.url == "https://hooks.example.org:8443/a/b?c=d&e=%20"


def test_the_usual_port_is_not_written_in_the_host_header() -> None:
    target = guard().check_url("https://[2606:2800:21f:cb07::1]")
    assert (target.authority, target.port, target.path) == ("[2606:2800:21f:cb07::1]", 443, "/")


def test_a_name_that_imitates_another_shows_in_punycode() -> None:
    assert guard().check_url("https://аpple.com/").url == "https://xn--pple-43d.com/"


def test_a_chinese_path_is_percent_encoded() -> None:
    assert (
        guard().check_url("https://督办.cn/钩子").url == "https://xn--wfrp96f.cn/%E9%92%A9%E5%AD%90"
    )


@pytest.mark.parametrize(
    "url",
    [
        "https://duban.example.org/x",
        "http://DUBAN.example.org.:8099/",
        "https://duban.example.org:8443/",
    ],
)
def test_the_products_own_host_is_refused(url: str) -> None:
    own = guard("0.0.0.0/0:8099", public_url="https://duban.example.org:8443/")
    assert refusal(url, own) == "own_host"


def test_beside_the_product_only_a_listed_port_is_open_and_never_its_own() -> None:
    own = guard(
        "127.0.0.1/32:8099", "127.0.0.1/32:8001", "127.0.0.1/32", public_url="http://127.0.0.1:8001"
    )
    assert own.check_url("http://127.0.0.1:8099/").port == 8099
    assert refusal("http://127.0.0.1:8001/", own) == "own_host"
    assert refusal("http://127.0.0.1:8003/", own) == "own_host"


async def test_a_listed_network_is_open_on_the_listed_port_alone() -> None:
    one = guard("10.1.0.0/16:8443", answers=("10.1.2.3",))
    pinned = await one.resolve(one.check_url("https://oa:8443/"))
    assert [str(address) for address in pinned.addresses] == ["10.1.2.3"]
    with pytest.raises(TargetRefused, match=r"10\.1\.2\.3:443 in NOTIFY_ALLOW_TARGETS"):
        await one.resolve(one.check_url("https://oa/"))


async def test_a_listed_network_without_a_port_is_open_on_the_ports_of_the_web() -> None:
    one = guard("10.1.0.0/16", answers=("10.1.2.3",))
    assert one.check_url("http://10.1.2.3:8080/").port == 8080
    assert refusal("http://10.1.2.3:22/", one) == "bad_port"
    two = guard("10.1.0.0/16", "10.2.0.0/16:22")
    assert refusal("http://10.1.2.3:22/", two) == "not_public"
    assert (await one.resolve(one.check_url("http://oa:8080/"))).target.host == "oa"


async def test_a_port_of_another_protocol_is_open_only_where_it_is_listed() -> None:
    one = guard("10.1.0.0/16:25", answers=(PUBLIC,))
    assert one.check_url("http://10.1.2.3:25/").port == 25
    with pytest.raises(TargetRefused, match="another protocol"):
        await one.resolve(one.check_url("http://hooks.example.org:25/"))


async def test_a_name_with_one_private_answer_among_public_ones_is_refused() -> None:
    mixed = guard(answers=(PUBLIC, "10.0.0.1"))
    with pytest.raises(TargetRefused) as caught:
        await mixed.resolve(mixed.check_url("https://hooks.example.org/"))
    assert caught.value.code == "not_public"


async def test_localhost_is_open_where_its_answers_are_listed() -> None:
    one = guard("127.0.0.1/32:8099", answers=("127.0.0.1",))
    assert (await one.resolve(one.check_url("http://localhost:8099/"))).addresses
    both = guard("127.0.0.1/32:8099", answers=("127.0.0.1", "::1"))
    with pytest.raises(TargetRefused):
        await both.resolve(both.check_url("http://localhost:8099/"))


async def test_a_name_without_an_address_is_worth_another_try() -> None:
    async def fails(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(TargetUnresolved, match=r"hooks\.example\.org"):
        await TargetGuard(resolve=fails).resolve(guard().check_url("https://hooks.example.org/"))
    empty = guard(answers=())
    with pytest.raises(TargetUnresolved):
        await empty.resolve(empty.check_url("https://hooks.example.org/"))


@pytest.mark.enable_socket
async def test_the_system_resolver_is_asked_by_default() -> None:
    one = TargetGuard(allow=[AllowedTarget.parse("127.0.0.0/8"), AllowedTarget.parse("::1/128")])
    pinned = await one.resolve(one.check_url("http://localhost:8099/"))
    assert {str(address) for address in pinned.addresses} <= {"127.0.0.1", "::1"}


@pytest.mark.parametrize(
    ("text", "network", "port"),
    [
        ("127.0.0.1/32:8099", "127.0.0.1/32", 8099),
        (" 10.0.0.0/8 ", "10.0.0.0/8", None),
        ("10.1.2.3", "10.1.2.3/32", None),
        ("10.1.2.3:25", "10.1.2.3/32", 25),
        ("fd00::/8", "fd00::/8", None),
        ("[fd00::]/8:443", "fd00::/8", 443),
        ("[fd00::1]:443", "fd00::1/128", 443),
        ("[fd00::]/8", "fd00::/8", None),
    ],
)
def test_an_operator_lists_a_network_and_perhaps_a_port(
    text: str, network: str, port: int | None
) -> None:
    allowed = AllowedTarget.parse(text)
    assert (str(allowed.network), allowed.port) == (network, port)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "oa",
        "10.0.0.1/8",
        "10.0.0.0/33",
        "10.0.0.0/8:0",
        "10.0.0.0/8:65536",
        "10.0.0.0/8:",
        "[10.0.0.1]",
        "fd00::/8/9",
    ],
)
def test_a_listing_that_is_none_is_told_the_form(text: str) -> None:
    with pytest.raises(ValueError, match=r"write CIDR or CIDR:port"):
        AllowedTarget.parse(text)
