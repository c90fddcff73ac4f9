"""IRC: what is asked of it beyond the contract of all channels, on a real ngIRCd."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.irc import CHANNEL, Person, installed
from sandbox.irc import Irc as Server
from smbot.channels import Order, Parcel, irc
from smbot.channels.irc import Irc
from smbot.errors import ChannelError, Unknowable, UsageError
from smbot.model import Deferred, InDoubt, Media, Posted, Refused, Text

NOW = datetime.now(UTC)
WORDS = "Vector 2022 arrives on ଓଡ଼ିଆ ଉଇକିପିଡ଼ିଆ مرحبا שלום 👩‍👩‍👧 :) https://example.org/?a=b"
SECRET = "password-of-wikitech"


@pytest.fixture
def server() -> Iterator[Server]:
    if not installed():
        pytest.skip("there is no ngIRCd: sandbox/bootstrap unpacks it")
    with Server() as running:
        yield running


def channel(server: Server, name: str = CHANNEL, nick: str = "wikitech", password: str = "") -> Irc:
    return Irc(f"127.0.0.1:{server.port}", nick, name, password, timeout=1)


def packed(words: str = WORDS, warning: str = "") -> Parcel:
    offline = Irc("irc.example.org", "wikitech", CHANNEL)
    parcel = offline.pack(Text(words, warning=warning), (), Order("k", NOW), NOW)
    assert isinstance(parcel, dict)
    return parcel


# --- the line -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("One\nTwo", "One Two"),
        (" One \r\n\r\n\t Two \n", "One Two"),
        ("Two  spaces", "Two  spaces"),
        ("A\0B\rPRIVMSG #other :x\nQUIT", "A B PRIVMSG #other :x QUIT"),
        ("\x01ACTION waves\x01", "ACTION waves"),
        ("\x02bold\x0304red", "bold 04red"),
        ("a\u2028b\u0085c", "a b c"),
        ("ଓଡ଼ିଆ\nשלום", "ଓଡ଼ିଆ שלום"),
    ],
)
def test_words_go_out_on_one_line(words: str, line: str) -> None:
    assert packed(words) == {"line": line}
    assert irc.rules({}).measure(words) == len(line)


def test_a_warning_stands_before_the_words() -> None:
    assert packed("The end", warning="Spoiler:") == {"line": "Spoiler: The end"}


@pytest.mark.parametrize("words", ["", " \n\0", "half a pair: \ud83d"])
def test_words_that_cannot_be_said_are_refused(words: str) -> None:
    offline = Irc("irc.example.org", "wikitech", CHANNEL)
    assert isinstance(offline.pack(Text(words), (), Order("k", NOW), NOW), Refused)
    picture = Media(b"GIF89a", "image/gif", "A globe")
    assert isinstance(offline.pack(Text(WORDS), (picture,), Order("k", NOW), NOW), Refused)


@given(st.text())
def test_no_words_make_a_second_command(words: str) -> None:
    line = irc._line(words)  # what the property is about
    assert not set(line) & set("\r\n\0\x01")
    assert line.split() == irc.BREAKS.sub(" ", words).split()


# --- posting --------------------------------------------------------------------------------------------------------


def test_others_in_the_channel_hear_the_words(server: Server) -> None:
    assert channel(server).post(packed(), NOW) == Posted(url="", id="")
    assert server.said("wikitech") == [WORDS]


def test_the_longest_line_arrives_whole(server: Server) -> None:
    words = ("ଓ" * 200)[: irc.BYTES // 3] + "!"
    assert len(words.encode()) == irc.rules({}).bytes
    assert isinstance(channel(server).post(packed(words), NOW), Posted)
    assert server.said("wikitech") == [words]


def test_a_line_that_would_be_cut_on_its_way_is_refused(server: Server) -> None:
    got = channel(server).post(packed("x" * 490), NOW)
    assert isinstance(got, Refused)
    assert "shorten it" in got.reason
    assert server.said("wikitech") == []


def test_injected_commands_are_only_words(server: Server) -> None:
    got = channel(server).post({"line": f"Hello\r\nPRIVMSG {CHANNEL} :again\0"}, NOW)
    assert isinstance(got, Posted)
    assert server.said("wikitech") == [f"Hello PRIVMSG {CHANNEL} :again"]


def test_a_nickname_in_use_gets_an_underscore_and_two_in_use_defer(server: Server) -> None:
    first = Person(server.behind, "wikitech")
    assert isinstance(channel(server).post(packed(), NOW), Posted)
    assert server.said("wikitech") == [WORDS]
    assert server.heard[0][0] == "wikitech_"
    second = Person(server.behind, "wikitech_")
    got = channel(server, password=SECRET).post(packed(), NOW)
    assert isinstance(got, Deferred)
    assert "wikitech and wikitech_" in got.reason
    first.close()
    second.close()


@pytest.mark.parametrize(
    ("modes", "says"),
    [("+m", "voice"), ("+b wikitech!*@*", "404|banned"), ("+i", "invite"), ("+k key", "475"), ("+l 1", "471")],
)
def test_a_channel_that_takes_no_words_defers(server: Server, modes: str, says: str) -> None:
    server.witness.do(f"MODE {CHANNEL} {modes}")
    got = channel(server).post(packed(), NOW)
    assert isinstance(got, Deferred)
    assert any(part in got.reason for part in says.split("|"))
    assert server.said("wikitech") == []


def test_a_nickname_the_server_does_not_take_defers(server: Server) -> None:
    got = channel(server, nick="wikitech-and-more").post(packed(), NOW)
    assert isinstance(got, Deferred)
    assert "432" in got.reason


def test_an_account_is_logged_in_and_a_wrong_password_is_not_shown(server: Server) -> None:
    assert isinstance(channel(server, password=SECRET).post(packed(), NOW), Posted)
    got = channel(server, password="canary-7f3a9").post(packed(), NOW)
    assert isinstance(got, Deferred)
    assert "PASSWORD" in got.reason
    assert "canary" not in repr(got)
    assert server.said("wikitech") == [WORDS]


def test_a_very_long_password_travels_in_pieces(server: Server) -> None:
    for length in (200, 291, 292, 700):  # 291: the last piece is full, and an empty one has to follow
        got = channel(server, password="x" * length).post(packed(), NOW)
        assert isinstance(got, Deferred)
        assert "904" in got.reason


@pytest.mark.parametrize("name", ["##news", "#ଓଡ଼ିଆ", "&local"])
def test_channels_have_many_names(server: Server, name: str) -> None:
    assert isinstance(channel(server, name).post(packed(), NOW), Posted)


def test_a_channel_that_can_be_read_in_a_browser_is_linked(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(irc.WEB, "127.0.0.1", "https://web.libera.chat/")
    assert channel(server).post(packed(), NOW) == Posted(url="https://web.libera.chat/#news", id="")


# --- servers that are none ------------------------------------------------------------------------------------------


def answering(*lines: bytes) -> tuple[int, Callable[[], bytes]]:
    """A server that says this, whatever it hears, and what it heard until the client was gone."""
    listener = socket.create_server(("127.0.0.1", 0))
    heard: list[bytes] = []

    def serve() -> None:
        with suppress(OSError), listener, listener.accept()[0] as client:
            client.settimeout(2)
            heard.append(client.recv(65_536))
            for line in lines:
                client.sendall(line)
            while more := client.recv(65_536):
                heard.append(more)

    def all_heard() -> bytes:
        thread.join(10)
        return b"".join(heard)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return int(listener.getsockname()[1]), all_heard


@pytest.mark.parametrize(
    "lines",
    [
        [b"SSH-2.0-OpenSSH_9.2\r\n"],
        [b"\xff\xfe\x00" * 1000 + b"\n"],
        [b"x" * 200_000],
        [b":a\r\n", b"\r\n", b"@x\r\n", b": :\r\n", b":irc 001\r\n", b":irc 366\r\n"],
        [b":irc 001 wikitech :Welcome\r\n:irc 366 wikitech #news :End\r\n"],  # never let in
        [b":irc 439 * :Please wait\r\n:irc 465 * :You are banned\r\n"],
    ],
)
def test_what_speaks_no_irc_or_lets_nobody_in_defers(lines: list[bytes]) -> None:
    port, _ = answering(*lines)
    got = Irc(f"127.0.0.1:{port}", "wikitech", CHANNEL, timeout=0.3).post(packed(), NOW)
    assert isinstance(got, Deferred)
    assert len(got.reason) < 500


@pytest.mark.parametrize("host", ["irc..example.org", ".example.org", f"{'x' * 64}.org"])
def test_what_no_server_can_be_called_defers(host: str) -> None:
    got = Irc(host, "wikitech", CHANNEL, timeout=0.3).post(packed(), NOW)
    assert isinstance(got, Deferred)
    assert host in got.reason


def test_a_complaint_about_something_else_does_not_call_the_words_lost() -> None:
    """A needless "not posted" would be sent again."""
    entered = b":irc 001 wikitech :Hi\r\n:wikitech!~s@h JOIN #news\r\n:irc 366 wikitech #news :End\r\n"
    port, heard = answering(entered, b":irc 421 wikitech CAP :Unknown command\r\n:irc PONG irc :said\r\n")
    got = Irc(f"127.0.0.1:{port}", "wikitech", CHANNEL, timeout=1).post(packed(), NOW)
    assert isinstance(got, Posted)
    assert f"PRIVMSG {CHANNEL} :{WORDS}\r\n".encode() in heard()


def test_a_server_that_goes_after_the_words_leaves_a_doubt() -> None:
    entered = b":irc 001 wikitech :Hi\r\n:wikitech!~s@h JOIN #news\r\n:irc 366 wikitech #news :End\r\n"
    port, _ = answering(entered, b"ERROR :Closing link: my secret-7 is out\r\n")
    got = Irc(f"127.0.0.1:{port}", "wikitech", CHANNEL, timeout=1).post(packed(), NOW)
    assert isinstance(got, InDoubt)
    assert CHANNEL in got.reason


def test_a_server_without_accounts_is_told_from_a_wrong_password() -> None:
    port, _ = answering(b":irc CAP * NAK :sasl\r\n")
    got = Irc(f"127.0.0.1:{port}", "wikitech", CHANNEL, SECRET, timeout=1).post(packed(), NOW)
    assert isinstance(got, Deferred)
    assert "leave the PASSWORD" in got.reason


def test_nothing_is_said_in_the_clear_to_another_machine() -> None:
    """127.0.0.2 is this machine too, but smbot does not know it."""
    listener = socket.create_server(("127.0.0.2", 0))
    listener.settimeout(2)
    heard: list[bytes] = []

    def serve() -> None:
        with listener, listener.accept()[0] as client:
            heard.append(client.recv(65_536))

    thread = threading.Thread(target=serve)
    thread.start()
    port = listener.getsockname()[1]
    got = Irc(f"127.0.0.2:{port}", "wikitech", CHANNEL, SECRET, timeout=1).post(packed(), NOW)
    thread.join()
    assert isinstance(got, Deferred)
    assert heard[0][0] == 0x16  # the hello of TLS
    assert b"NICK" not in heard[0]


# --- the account ----------------------------------------------------------------------------------------------------


def test_the_nickname_and_the_channel_are_named(server: Server) -> None:
    assert channel(server).check() == f"wikitech in {CHANNEL} on 127.0.0.1"
    assert server.said("wikitech") == []


def test_a_moderated_channel_needs_voice(server: Server) -> None:
    server.witness.do(f"MODE {CHANNEL} +m")
    with pytest.raises(ChannelError, match="give wikitech voice"):
        channel(server).check()


def test_an_empty_channel_is_most_likely_misspelt(server: Server) -> None:
    with pytest.raises(ChannelError, match="Nobody else is in #nwes"):
        channel(server, "#nwes").check()


def test_a_channel_one_cannot_enter_is_said(server: Server) -> None:
    server.witness.do(f"MODE {CHANNEL} +i")
    with pytest.raises(ChannelError, match="cannot be entered"):
        channel(server).check()


def test_nobody_can_ever_tell_what_was_said() -> None:
    with pytest.raises(Unknowable):
        Irc("irc.example.org", "wikitech", CHANNEL).find(packed(), NOW)


@pytest.mark.parametrize(
    ("server_", "nick", "name", "password"),
    [
        ("", "wikitech", CHANNEL, ""),
        ("irc.example.org:port", "wikitech", CHANNEL, ""),
        ("ircs://irc.example.org", "wikitech", CHANNEL, ""),
        ("user@irc.example.org", "wikitech", CHANNEL, ""),
        ("irc.example.org", "", CHANNEL, ""),
        ("irc.example.org", "wiki tech", CHANNEL, ""),
        ("irc.example.org", "1wiki", CHANNEL, ""),
        ("irc.example.org", "wikitech", "news", ""),
        ("irc.example.org", "wikitech", "#a,#b", ""),
        ("irc.example.org", "wikitech", "#a b", ""),
        ("irc.example.org", "wikitech", "#a\r\nQUIT", ""),
        ("irc.example.org", "wikitech", CHANNEL, "canary\n"),
    ],
)
def test_credentials_that_cannot_be_right_are_said_to_be_wrong(
    server_: str, nick: str, name: str, password: str
) -> None:
    with pytest.raises(UsageError) as error:
        irc.connect({"SERVER": server_, "NICK": nick, "CHANNEL": name, "PASSWORD": password})
    assert "canary" not in str(error.value)


def test_a_server_is_a_name_or_a_name_and_a_port() -> None:
    assert irc._usable_server("irc.libera.chat") == ("irc.libera.chat", 6697)
    assert irc._usable_server("[::1]:6667") == ("::1", 6667)
